// A contract of one, three or five variants, through lock, build, publishing, verdict, page and promotion against the embedded
// upstream.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { renderReference } from '#harness/oci/image/reference.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { CONTRACT_PATH, loadContract } from '../judge/candidates/inputs.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { promote } from '../promote/main.ts'
import { judgeHere, runCommand } from '../testing/run-command.ts'
import { makeEmbedded } from './release.ts'

/** Five variants are built and judged in half a minute on an idle machine. */
const PATIENCE_MS = 240_000

const folder = await mkdtemp(join(tmpdir(), 'variants-'))
afterAll(() => rm(folder, { recursive: true }))

/** `count` variants: those of the shipped contract by turns, under names of their own. */
async function writeContract(count: number): Promise<{ readonly path: string; readonly names: readonly string[] }> {
  const shipped = parse(await readFile(join(ROOT, CONTRACT_PATH), 'utf8')) as { readonly variants: object }
  const own = Object.entries(shipped.variants)
  const variants = Array.from({ length: count }, (_, at) => {
    const [name, variant] = own[at % own.length] ?? ['', {}]
    const round = Math.floor(at / own.length)
    return [round === 0 ? name : `${name}-${round}`, variant] as const
  })
  const path = join(folder, `contract-${count}.yaml`)
  await writeFile(path, stringify({ ...shipped, variants: Object.fromEntries(variants) }))
  return { path, names: variants.map(([name]) => name) }
}

describe('a contract', { timeout: PATIENCE_MS }, () => {
  it.each([1, 3, 5])('may have %i variants, and promotes the last of them to a channel', async (count) => {
    const { path, names } = await writeContract(count)
    const embedded = await makeEmbedded((await loadContract(path)).value, {})
    try {
      const { reference, cacheFolder, trustedRoot, references } = embedded
      const [report, page, lock] = [`${count}.json`, `${count}.html`, `${count}.lock.json`].map((name) =>
        join(folder, name),
      )
      await writeFile(lock ?? '', formatLock(embedded.lock.value))
      const others = reference === undefined ? [] : ['--reference', renderReference(reference.image)]
      const common = [
        '--contract',
        path,
        '--lock',
        lock ?? '',
        '--cache',
        cacheFolder,
        '--trusted-root',
        trustedRoot,
        ...others,
      ]

      const judged = await judgeHere([
        ...references.map(renderReference),
        ...common,
        '--report',
        report ?? '',
        '--output',
        `html=${page}`,
      ])
      expect(judged).toMatchObject({ status: 0, stderr: '' })
      expect(judged.stdout.trimEnd().split('\n').at(-1)).toMatch(/^GREEN: /)
      const { candidates } = JSON.parse(await readFile(report ?? '', 'utf8')) as Conformance
      const release = count === 1 ? [] : [names.join(' and ')]
      expect(candidates.map(({ variant }) => variant)).toEqual([...names, ...release])
      const html = await readFile(page ?? '', 'utf8')
      expect(names.filter((name) => !html.includes(name))).toEqual([])

      const image = references.at(-1)
      if (image === undefined) throw new Error('expected a reference')
      expect(image.repository).toBe(`cozystack/talos-${names.at(-1)}`)
      const promoted = ['--report', join(folder, `${count}.promoted.json`)]
      const { exit, stdout } = await runCommand(promote, [
        renderReference(image),
        'demo-stable',
        ...common,
        ...promoted,
      ])
      expect(exit).toBe(0)
      expect(stdout).toContain(`${image.repository}:demo-stable was nothing, is sha256:`)
    } finally {
      await embedded.close()
    }
  })
})
