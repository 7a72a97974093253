// The files of `init --ci matrix,kubernetes`: two jobs or pods with a shard each, and the merge of their reports, by bash.
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { runTool } from '#fixtures/golden/run-tool.ts'
import { playWorkflow } from '../check-oracles-slow/adoption/play-runner.ts'
import { runCommand } from '../testing/run-command.ts'
import { init } from './main.ts'

const root = await mkdtemp(join(tmpdir(), 'init-fleet-'))
afterAll(() => rm(root, { recursive: true }))
const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

/**
 * In the place of the command: says what it was called with. Of a shard it leaves a report, unless it is that of NO_REPORT;
 * where it is red it ends with 1.
 */
const PROGRAM = `#!/usr/bin/env bash
set -eu
printf '%s\\n' "$*" >> "$CALLS"
report=''
while [ $# -gt 0 ]; do case $1 in --report) report=$2; shift 2 ;; *) shift ;; esac; done
if [ "$report" = "\${NO_REPORT:-none}" ]; then exit 2; fi
if [ -z "$report" ]; then exit 1; fi
mkdir -p "$(dirname "$report")"
echo '{}' > "$report"
exit 1
`
const LIST = ['ghcr.io/them/talos-spin-only:v1.13.9', 'ghcr.io/them/talos-spin-tailscale:v1.13.9']

beforeAll(async () => {
  const args = ['--yes', '--registry', 'ghcr.io/them', '--talos', 'v1.13.9', '--ci', 'matrix,kubernetes']
  const { exit, stderr } = await runCommand(init, [root, ...args])
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  await mkdir(join(root, 'bin'))
  for (const name of ['talos-image', 'node']) {
    await writeFile(join(root, 'bin', name), PROGRAM)
    await chmod(join(root, 'bin', name), 0o755)
  }
})

describe('the matrix', () => {
  it('judges a share in each job, is red where one leaves no report, and merges what there is', async () => {
    const workflow = await text('.github/workflows/talos-image-fleet.yaml')
    const { jobs } = parse(workflow) as { readonly jobs: Readonly<Record<string, any>> }
    const { matrix } = jobs['shard'].strategy
    const step = jobs['shard'].steps.find(({ run }: { readonly run?: string }) => run !== undefined)
    expect(matrix.shard).toEqual(Array.from({ length: Number(step.env.SHARDS) }, (_, at) => at + 1))
    const play = async (name: string, shard: string, env: Readonly<Record<string, string>> = {}) => {
      const folder = join(root, 'play', shard)
      await mkdir(folder, { recursive: true })
      await copyFile(join(root, 'talos-images'), join(folder, 'talos-images'))
      const job = { folder, env: { CALLS: join(folder, 'calls'), ...env }, path: [join(root, 'bin')] }
      const played = await playWorkflow(workflow, name, job, { 'matrix.shard': shard })
      return { ...played, calls: await readFile(join(folder, 'calls'), 'utf8') }
    }
    const shard = await play('shard', '3')
    expect(shard.status, shard.log).toBe(0)
    expect(shard.calls).toBe(`test --shard 3/8 --report shards/3.json -- ${LIST.join(' ')}\n`)
    expect((await play('shard', '4', { NO_REPORT: 'shards/4.json' })).status).toBe(2)
    await mkdir(join(root, 'play/merge/shards'), { recursive: true })
    for (const name of ['1', '2']) await writeFile(join(root, 'play/merge/shards', `${name}.json`), '{}')
    const merged = await play('verdict', 'merge')
    expect(merged.calls).toMatch(/^report merge shards\/1\.json shards\/2\.json --output markdown=report\/summary\.md /)
    expect(merged.status).toBe(1)
  })
})

describe('the indexed Job', () => {
  type Container = {
    readonly args: readonly string[]
    readonly env: readonly { readonly name: string; readonly value: string }[]
  }
  const jobOf = async (path: string): Promise<{ readonly completions: number; readonly container: Container }> => {
    const documents = parseAllDocuments(await text(path)).map((one) => one.toJS() as any)
    const { spec } = documents.find(({ kind }) => kind === 'Job')
    return { completions: spec.completions, container: spec.template.spec.containers[0] }
  }
  const start = ({ args, env }: Container, more: Readonly<Record<string, string>>) =>
    runTool('bash', ['-euc', args.join('')], {
      cwd: root,
      env: {
        ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
        PATH: `${join(root, 'bin')}:/usr/bin:/bin`,
        ...more,
      },
    })

  it('judges a share in each pod, fails where it leaves no report, and merges what there is', async () => {
    const { completions, container } = await jobOf('kubernetes/shards.yaml')
    const reports = join(root, 'reports')
    const home = join(root, 'home')
    const images = join(root, 'mounted')
    for (const folder of [reports, home, images, join(root, 'talos-image')]) await mkdir(folder)
    await copyFile(join(root, 'talos-images'), join(images, 'talos-images'))
    const env = { HOME: home, IMAGES: images, REPORTS: reports, TOOL: root, CALLS: join(root, 'calls') }
    for (let index = 0; index < completions; index += 1)
      await start(container, { ...env, JOB_COMPLETION_INDEX: String(index) })
    const judged = (await text('calls')).trimEnd().split('\n')
    expect(judged).toHaveLength(8)
    expect(judged.at(-1)).toBe(
      `${root}/talos-image/scripts/bin.mjs test --shard 8/8 --report ${reports}/8.json -- ${LIST.join(' ')}`,
    )
    const without = { ...env, NO_REPORT: `${reports}/1.json`, JOB_COMPLETION_INDEX: '0' }
    await expect(start(container, without)).rejects.toMatchObject({ cause: { code: 2 } })
    const { container: merge } = await jobOf('kubernetes/merge.yaml')
    await expect(start(merge, env)).rejects.toMatchObject({ cause: { code: 1 } })
    expect((await text('calls')).trimEnd().split('\n').at(-1)).toMatch(
      /report merge 2\.json 3\.json 4\.json 5\.json 6\.json 7\.json 8\.json --report verdict\/conformance\.json /,
    )
  })
})
