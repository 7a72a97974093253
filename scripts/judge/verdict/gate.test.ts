import { describe, expect, it } from 'vitest'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import type { CandidateTargets } from '#specs/support/applicability.ts'
import { exitCodeOf, judge, judgedNothing, unknownRules } from './gate.ts'
import type { Observation, ObservedError } from './observation.ts'

function entry(id: string, more: Partial<RuleIndexEntry> = {}): RuleIndexEntry {
  const common = {
    level: 'must',
    targets: ['installer'],
    needs: [],
    pinned: false,
    sentence: `${id} holds`,
    fix: 'repair it',
  }
  return { ...common, id, file: 'specs/x.spec.ts', ...more } as RuleIndexEntry
}

function ruleIndexOf(...requirements: readonly RuleIndexEntry[]): RuleIndex {
  return { version: '1.0.0', requirements, retired: [] }
}

const INSTALLER: CandidateTargets & { readonly key: string } = {
  key: 'a',
  parts: { installer: { image: true } },
  pinned: true,
}

function observed(id: string, more: Partial<Observation> = {}): Observation {
  const common = {
    candidate: 'a',
    part: 'installer',
    state: 'passed',
    errors: [],
    durationMs: 1,
    spec: 'specs/x.spec.ts:1',
  }
  return { ...common, id, ...more } as Observation
}

function failed(id: string, error: Partial<ObservedError>): Observation {
  return observed(id, { state: 'failed', errors: [{ name: 'Error', message: 'no', assertion: false, ...error }] })
}

const statusOf = (ruleIndex: RuleIndex, ...observations: readonly Observation[]): readonly string[] =>
  judge(ruleIndex, INSTALLER, observations).map((rule) => rule.status)

describe('judge', () => {
  it('passes a rule whose test passed', () => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')), observed('UKI-001'))).toEqual(['pass'])
  })

  it('hands notes on', () => {
    const at = { path: 'worker.yaml', line: 3, column: 1 }
    const notes = [{ at, message: 'mind this' }]
    const [rule] = judge(ruleIndexOf(entry('UKI-001')), INSTALLER, [observed('UKI-001', { notes })])
    expect(rule).toMatchObject({
      status: 'pass',
      findings: [],
      notes: [{ part: 'installer', where: at, message: 'mind this' }],
    })
  })

  it('misses a rule of the rule index that no test claims', () => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')))).toEqual(['missing'])
  })

  it.each(['skipped', 'pending'] as const)('misses a rule whose test was %s', (state) => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')), observed('UKI-001', { state }))).toEqual(['missing'])
  })

  it('misses a rule that two tests claim', () => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')), observed('UKI-001'), observed('UKI-001'))).toEqual(['missing'])
  })

  it('does not take the result of another candidate', () => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')), observed('UKI-001', { candidate: 'b' }))).toEqual(['missing'])
  })

  it.each([
    ['a failed expectation', { assertion: true }, 'fail'],
    ['broken bytes', { code: 'TRUNCATED' }, 'fail'],
    ['a wrong digest', { code: 'DIGEST_MISMATCH' }, 'fail'],
    ['an absent fact', { code: 'FACT_ABSENT' }, 'inconclusive'],
    ['an unsupported format', { code: 'UNSUPPORTED' }, 'inconclusive'],
    ['a silent registry', { code: 'REGISTRY_UNAVAILABLE' }, 'inconclusive'],
    ['a bug of ours', { name: 'TypeError' }, 'inconclusive'],
    ['an error of the system', { code: 'EIO' }, 'inconclusive'],
  ])('classifies %s', (_, error, status) => {
    expect(statusOf(ruleIndexOf(entry('UKI-001')), failed('UKI-001', error))).toEqual([status])
  })

  it('says that a bug of ours is one', () => {
    const [rule] = judge(ruleIndexOf(entry('UKI-001')), INSTALLER, [failed('UKI-001', { name: 'TypeError' })])
    expect(rule?.reason).toContain('internal error, please report it: TypeError')
  })

  it('blocks what needs a red rule, and what needs a blocked one', () => {
    const ruleIndex = ruleIndexOf(entry('A-1'), entry('B-1', { needs: ['A-1'] }), entry('C-1', { needs: ['B-1'] }))
    const observations = [failed('A-1', { assertion: true }), observed('B-1'), observed('C-1')]
    expect(statusOf(ruleIndex, ...observations)).toEqual(['fail', 'blocked', 'blocked'])
  })

  it('blocks a rule over both parts by what is red on either', () => {
    const ruleIndex = ruleIndexOf(
      entry('A-1', { targets: ['image'] }),
      entry('B-1', { targets: ['assets', 'installer'], scope: 'parts', needs: ['A-1'] }),
    )
    const parts = { installer: { image: true }, assets: { image: true } }
    const statusWith = (red: 'installer' | 'assets' | undefined) =>
      judge(ruleIndex, { key: 'a', parts, pinned: true }, [
        ...(['installer', 'assets'] as const).map((part) =>
          part === red ? { ...failed('A-1', { assertion: true }), part } : observed('A-1', { part }),
        ),
        observed('B-1', { part: 'assets' }),
      ]).at(-1)?.status
    expect([statusWith('installer'), statusWith('assets'), statusWith(undefined)]).toEqual([
      'blocked',
      'blocked',
      'pass',
    ])
  })

  it('does not block what needs an inconclusive rule', () => {
    const ruleIndex = ruleIndexOf(entry('A-1'), entry('B-1', { needs: ['A-1'] }))
    expect(statusOf(ruleIndex, failed('A-1', { code: 'FACT_ABSENT' }), observed('B-1'))).toEqual([
      'inconclusive',
      'pass',
    ])
  })

  it('blocks rules that need each other instead of looping', () => {
    const ruleIndex = ruleIndexOf(entry('A-1', { needs: ['B-1'] }), entry('B-1', { needs: ['A-1'] }))
    expect(statusOf(ruleIndex, observed('A-1'), observed('B-1'))).toEqual(['blocked', 'blocked'])
  })

  it('says why a rule does not apply', () => {
    const ruleIndex = ruleIndexOf(entry('A-1', { targets: ['registry'] }), entry('B-1', { pinned: true }))
    const rules = judge(ruleIndex, { ...INSTALLER, pinned: false }, [])
    expect(rules.map((rule) => [rule.status, rule.reason])).toEqual([
      ['not-applicable', 'the candidate has no target registry'],
      ['not-applicable', 'not pinned: there is no lock to compare with'],
    ])
  })

  it('takes the worst of the parts that a rule speaks about', () => {
    const both = { ...INSTALLER, parts: { installer: { image: true }, assets: { image: false } } }
    const ruleIndex = ruleIndexOf(entry('KRN-001', { targets: ['installer', 'assets'] }))
    const [rule] = judge(ruleIndex, both, [
      observed('KRN-001'),
      { ...failed('KRN-001', { assertion: true }), part: 'assets' },
    ])
    expect([rule?.status, rule?.findings[0]?.part]).toEqual(['fail', 'assets'])
  })

  it('judges only what was selected', () => {
    const ruleIndex = ruleIndexOf(entry('A-1'), entry('B-1'))
    expect(judge(ruleIndex, INSTALLER, [observed('B-1')], { selected: ['B-1'] }).map((rule) => rule.id)).toEqual([
      'B-1',
    ])
  })
})

describe('unknownRules', () => {
  it('names what ran and is not in the rule index, once for all candidates', () => {
    const observations = [observed('A-1'), observed('A-2'), observed('A-2', { candidate: 'b' })]
    expect(unknownRules(ruleIndexOf(entry('A-1')), observations)).toEqual([
      'specs/x.spec.ts:1 states A-2, which the rule index lacks: run npm run rule-index',
    ])
  })
})

describe('judgedNothing', () => {
  const rules = (...statuses: readonly (readonly [id: string, level: 'must' | 'should', status: string])[]) =>
    statuses.map(([id, level, status]) => ({ id, level, status })) as unknown as Parameters<typeof judgedNothing>[0]

  it.each([
    ['no rule', rules(), undefined, true],
    ['rules that do not apply', rules(['A-1', 'must', 'not-applicable']), undefined, true],
    ['a should alone', rules(['A-1', 'should', 'pass']), undefined, true],
    ['a must', rules(['A-1', 'must', 'pass']), undefined, false],
    ['a should that was asked for', rules(['A-1', 'should', 'pass']), ['A-1'], false],
    ['an area', rules(['A-1', 'must', 'pass']), ['A'], false],
    ['what was asked for and does not apply', rules(['A-1', 'must', 'not-applicable']), ['A-1'], true],
    ['what another needs', rules(['A-1', 'must', 'not-applicable'], ['B-1', 'must', 'pass']), ['A-1'], true],
    ['an area whose name begins another', rules(['AB-1', 'must', 'pass']), ['A'], true],
    ['a red one', rules(['A-1', 'must', 'fail']), ['A-1'], false],
  ] as const)('says of %s', (_, verdicts, only, expected) => {
    expect(judgedNothing(verdicts, only)).toBe(expected)
  })
})

describe('exitCodeOf', () => {
  const rules = (...statuses: readonly (readonly [level: 'must' | 'should', status: string])[]) =>
    statuses.map(([level, status]) => ({ level, status })) as unknown as Parameters<typeof exitCodeOf>[0]

  it.each([
    ['all green', rules(['must', 'pass'], ['must', 'not-applicable'], ['should', 'fail']), 0],
    ['a waived must', rules(['must', 'waived']), 0],
    ['a red must', rules(['must', 'pass'], ['must', 'fail'], ['must', 'inconclusive']), 1],
    ['an inconclusive must', rules(['must', 'pass'], ['must', 'inconclusive']), 2],
    ['a blocked must', rules(['must', 'pass'], ['must', 'blocked']), 2],
    ['a missing must', rules(['must', 'pass'], ['must', 'missing']), 2],
    ['a missing should', rules(['must', 'pass'], ['should', 'missing']), 2],
    [
      'a should that could not be judged',
      rules(['must', 'pass'], ['should', 'inconclusive'], ['should', 'blocked']),
      0,
    ],
    ['nothing judged, which a run error says', rules(['must', 'not-applicable']), 0],
  ] as const)('gives the status for %s', (_, verdicts, code) => {
    expect(exitCodeOf(verdicts, [])).toBe(code)
  })

  it('is never green when something went wrong beside the rules', () => {
    expect(exitCodeOf(rules(['must', 'pass']), ['specs/x.spec.ts did not load: no'])).toBe(2)
  })
})
