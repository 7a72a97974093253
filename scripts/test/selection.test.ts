// A person's selection: a run that judged nothing of it is not green, and the last line names what was left out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { judgeHere } from '../testing/run-command.ts'
import type { Outcome } from '../testing/run-script.ts'

const PATIENCE_MS = 240_000
const folder = await mkdtemp(join(tmpdir(), 'selection-'))
afterAll(() => rm(folder, { recursive: true }))

const golden = (name: string): string => `docker-archive:fixtures/golden/${name}/installer-arm64.tar`
const LOCK = ['--lock', 'fixtures/golden/lock-v1.11.5.json']
const GATEWAY = [golden('v1.11.5-spin-tailscale'), '--variant', 'spin-tailscale', '--target', 'installer']

function conform(...args: readonly string[]): Promise<Outcome> {
  return judgeHere(['--cache', join(folder, 'cache'), '--report', join(folder, 'report.json'), ...args])
}

const lastLine = ({ stdout }: Outcome): string => stdout.trimEnd().split('\n').at(-1) ?? ''

describe('a selection', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['a rule about a registry', [...GATEWAY, '--only', 'SUP-001'], /no rule of --only SUP-001/],
    ['the rules over variants', [...GATEWAY, '--only', 'REL-001,REL-002'], /no rule of --only REL-001,REL-002/],
    ['an area that another target has', [...GATEWAY, '--only', 'AST'], /no rule of --only AST and --target installer/],
  ])('of %s that nothing is judged by is not green', async (_, args, said) => {
    const outcome = await conform(...args, ...LOCK)
    expect(outcome.status).toBe(2)
    expect(outcome.stdout).toMatch(/nothing was judged: /)
    expect(outcome.stdout).toMatch(said)
  })

  it('of some rules is named in the last line', async () => {
    const outcome = await conform(...GATEWAY, '--only', 'KRN-005', ...LOCK)
    expect(outcome.status).toBe(0)
    expect(lastLine(outcome)).toMatch(/^GREEN: .*; only KRN-005; target installer; /)
  })

  it('of a waiver is named in the last line, and a waiver of the kernel is refused', async () => {
    const waivers = join(folder, 'waivers.yaml')
    const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const write = (id: string): Promise<void> =>
      writeFile(waivers, `waivers:\n  - id: ${id}\n    reason: it is only for this test\n    expires: ${day}\n`)
    const worker = [golden('v1.11.5-spin-tailscale'), '--variant', 'spin-only', '--target', 'installer', ...LOCK]
    await write('EXT-015')
    const waived = await conform(...worker, '--only', 'EXT-015', '--waivers', waivers)
    expect(lastLine(waived)).toContain(`1 waived (EXT-015 until ${day})`)
    await write('KRN-005')
    const refused = await conform(...worker, '--only', 'KRN-005', '--waivers', waivers)
    expect(refused.status).toBe(2)
    expect(refused.stdout).toContain('waiver of KRN-005 is refused')
  })
})
