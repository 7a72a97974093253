import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { collectExplanations } from './collect.ts'
import { explain, type Explained } from './main.ts'

const rule = (id: string, more: Partial<RuleIndexEntry> = {}): RuleIndexEntry => ({
  id,
  level: 'must',
  targets: ['installer', 'assets'],
  needs: [],
  pinned: false,
  scope: 'part',
  sentence: `${id} holds`,
  fix: `repair ${id}`,
  file: 'specs/x.spec.ts',
  ...more,
})
const ruleIndex: RuleIndex = {
  version: '1.0.0',
  requirements: [
    rule('KRN-001'),
    rule('EXT-001', { level: 'should', pinned: true }),
    rule('EXT-002', { needs: ['EXT-001', 'KRN-001'] }),
  ],
  retired: [{ id: 'EXT-009', reason: 'split into EXT-001 and EXT-002' }],
}
const counterexamples = [
  { name: 'spin-missing', violates: ['EXT-002'], because: 'workloads do not start' },
  { name: 'lldpd-added', violates: ['EXT-002'], because: 'the node reboots every 70 minutes' },
]

async function run(...names: readonly string[]): Promise<Explained> {
  const explanations = await collectExplanations(ruleIndex, counterexamples, async () => '// By upstream.')
  return explain(names, ruleIndex, explanations, { stream: new PassThrough(), columns: 60 })
}

describe('explain', () => {
  it('says what a rule is for and what to do', async () => {
    expect(await run('EXT-002')).toEqual({
      status: 0,
      error: '',
      output: `EXT: the extensions

EXT-002 (must) EXT-002 holds
  why it matters  workloads do not start
  source          By upstream.
  stated in       specs/x.spec.ts
  targets         installer, assets
  judges          each part of a candidate on its own
  needs           KRN-001 KRN-001 holds
                  EXT-001 EXT-001 holds
  counterexamples spin-missing: workloads do not start
                  lldpd-added: the node reboots every 70
                  minutes
  how to fix      repair EXT-002
`,
    })
  })

  it('says what a rule compares with, and what needs it', async () => {
    const { output } = await run('EXT-001')
    expect(output).toContain('(should)')
    expect(output).toContain('compares with   the pinned upstream release (the lock)')
    expect(output).toContain('needed by       EXT-002')
    expect(output).toContain('no counterexample says so yet')
  })

  const idsIn = ({ output }: Explained): readonly string[] => output.match(/^[A-Z]+-\d+/gm) ?? []

  it('explains all, by area, when nothing is named', async () => {
    const all = await run()
    expect(idsIn(all)).toEqual(['KRN-001', 'EXT-001', 'EXT-002'])
    expect(all.output).toMatch(/^KRN: the kernel\n[^]*\nEXT: the extensions\n/)
  })

  it('takes areas, and small letters', async () => {
    expect(idsIn(await run('ext'))).toEqual(['EXT-001', 'EXT-002'])
    expect(idsIn(await run('krn-001', 'EXT-001'))).toEqual(['KRN-001', 'EXT-001'])
  })

  it('says why a rule is retired', async () => {
    expect(await run('EXT-009')).toEqual({
      status: 0,
      output: 'EXT-009 is retired: split into EXT-001 and EXT-002\n',
      error: '',
    })
  })

  it('refuses what is no rule, and names what may have been meant', async () => {
    expect(await run('EXT-003')).toEqual({
      status: 2,
      output: '',
      error: 'error: no rule and no area is called EXT-003; did you mean EXT-001, EXT-002, EXT-009?\n',
    })
    expect((await run('mood\u001b')).error).toBe(
      'error: no rule and no area is called MOOD\\u{1b}; areas are KRN, EXT\n',
    )
  })
})
