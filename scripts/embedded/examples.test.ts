// The worked examples of contracts: locked, built, published and judged on the embedded upstream, as `npm test` does.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'
import { start } from '../test/start.ts'

const folder = await mkdtemp(join(tmpdir(), 'examples-'))
afterAll(() => rm(folder, { recursive: true }))
const report = join(folder, 'report.json')

async function judge(contract: string): Promise<Conformance> {
  await runCommand(start, ['--contract', contract, '--report', report])
  return JSON.parse(await readFile(report, 'utf8')) as Conformance
}

const idsOf = (candidate: Conformance['candidates'][number] | undefined, ...statuses: readonly string[]) =>
  candidate?.rules.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)

describe('specs/contract/examples', { timeout: 240_000 }, () => {
  it.each([
    ['cozystack', []],
    // Upstream's document of iscsi-tools names the version of open-iscsi, not that of the extension (a should).
    ['storage', ['EXT-016']],
    ['raspberry-pi', ['EXT-016']],
    ['turing-rk1', []],
    ['own-kernel', []],
  ])('has %s, whose images are green', async (name, should) => {
    const { exitCode, candidates } = await judge(`specs/contract/examples/${name}.yaml`)
    const [candidate] = candidates
    expect([exitCode, idsOf(candidate, 'fail', 'inconclusive', 'blocked', 'missing')]).toEqual([0, should])
    expect(candidate?.variant).toBe(name)
    const passed = idsOf(candidate, 'pass')
    expect(passed).toEqual(expect.arrayContaining(['EXT-002', 'EXT-015', 'EXT-017', 'AST-001', 'SUP-001', 'SUP-005']))
  })

  it('takes metal-agent, which waits for what every machine has, and reddens lldpd without a configuration', async () => {
    const path = join(folder, 'own.yaml')
    await writeFile(path, 'variants: {agent: {extensions: [metal-agent]}, silent: {extensions: [lldpd]}}\n')
    const { candidates } = await judge(path)
    const [agent, silent] = candidates
    expect([agent?.variant, idsOf(agent, 'fail', 'inconclusive', 'blocked')]).toEqual(['agent', []])
    expect([silent?.variant, idsOf(silent, 'fail')]).toEqual(['silent', ['EXT-015']])
  })
})
