// The bundle against the modules that it is made of: it is what starts, and its verdict is theirs, word for word.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { judgeHere } from '../testing/run-command.ts'
import { runConform, runScript } from '../testing/run-script.ts'
import { writeBundle } from './bundle.ts'
import { BUNDLE_FOLDER, freshBundle, MANIFEST, sha256Of, timesOf } from './fresh.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the bundle', () => {
  it('starts in place of the program until a module has changed', async () => {
    const program = 'scripts/talos-image.ts'
    const start = async (): Promise<string> => (await runScript('talos-image.ts', [], folder)).stdout
    await mkdir(join(folder, 'scripts/bundle'), { recursive: true })
    for (const path of ['scripts/preload.mjs', 'scripts/root.ts', 'scripts/bundle/fresh.ts'])
      await cp(join(ROOT, path), join(folder, path))
    await writeFile(join(folder, program), `console.log('modules')`)
    expect(await start()).toBe('modules\n')

    const manifest = {
      root: `${folder}/`,
      node: process.versions.node,
      entry: 'start.js',
      files: [[program, timesOf(join(folder, program)), sha256Of(join(folder, program))]],
      folders: [],
    }
    await mkdir(join(folder, BUNDLE_FOLDER), { recursive: true })
    await writeFile(join(folder, BUNDLE_FOLDER, 'start.js'), `console.log('bundle')`)
    await writeFile(join(folder, BUNDLE_FOLDER, MANIFEST), JSON.stringify(manifest))
    expect(await start()).toBe('bundle\n')

    await writeFile(join(folder, program), `console.log('changed')`)
    expect(await start()).toBe('changed\n')
  })

  it('gives the verdict of the modules, to the line of each rule', async () => {
    // npm ci has made it, unless a module was edited since.
    if (freshBundle(ROOT) === undefined) await writeBundle(ROOT)
    expect(freshBundle(ROOT)).toBeDefined()
    const judge = async (run: typeof judgeHere): Promise<Omit<Conformance, 'judgedAt'>> => {
      const report = join(folder, 'report.json')
      const golden = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'
      const config = 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml'
      const fixed = [
        '--variant=spin-only',
        '--lock=fixtures/golden/lock-v1.11.5.json',
        `--cache=${join(folder, 'cache')}`,
      ]
      await run([golden, ...fixed, '--config', config, '--report', report])
      const { judgedAt: _, ...verdict } = JSON.parse(await readFile(report, 'utf8')) as Conformance
      const timeless = ({ rules, ...rest }: Conformance['candidates'][number]) => ({
        ...rest,
        rules: rules.map((rule) => ({ ...rule, durationMs: 0 })),
      })
      return { ...verdict, candidates: verdict.candidates.map(timeless) }
    }
    const bundled = await judge(runConform)
    expect(bundled.counts.pass).toBeGreaterThan(100)
    const stated = bundled.candidates[0]?.rules.filter(({ status }) => status === 'pass') ?? []
    expect(stated.filter(({ spec }) => !/\.spec\.ts:\d+$/.test(spec))).toEqual([])
    expect(bundled).toEqual(await judge(judgeHere))
  })
})
