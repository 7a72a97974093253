import { describe, expect, it } from 'vitest'
import { SchemaError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { parseWaivers, type Waiver } from '#specs/contract/waivers.ts'
import type { RuleVerdict, Status } from './conformance.ts'
import type { RuleIndexEntry } from '#specs/contract/rule-index.ts'
import type { Observation } from './observation.ts'
import { judgeWithWaivers, mayBeWaived, waive, waiverErrors, waiverUse } from './waive.ts'

const TODAY = '2026-11-23'
const TERMS = { variant: 'spin-only', today: TODAY, isWaivable: (id: string) => id !== 'KRN-005' }
const KNOWN: ReadonlySet<string> = new Set(['EXT-016', 'KRN-001', 'KRN-005', 'REL-010'])
const waiver = (more: Partial<Waiver> = {}): Waiver => ({
  id: 'EXT-016',
  reason: 'upstream ships no document',
  expires: TODAY,
  ...more,
})
const rule = (id: string, status: Status): RuleVerdict => ({
  id,
  level: 'must',
  status,
  sentence: '',
  findings: [],
  fix: '',
  spec: '',
  durationMs: 0,
})
const statusAfter = (status: Status, ...waivers: readonly Waiver[]): Status | undefined =>
  waive([rule('EXT-016', status)], waivers, TERMS).rules[0]?.status

describe('waive', () => {
  it.each([
    ['a failure, on its last day', 'fail', waiver(), 'waived'],
    ['a failure of its variant', 'fail', waiver({ variant: 'spin-only' }), 'waived'],
    ['not a failure of another variant', 'fail', waiver({ variant: 'spin-tailscale' }), 'fail'],
    ['not a failure of another rule', 'fail', waiver({ id: 'EXT-001' }), 'fail'],
    ['a failure, for a whole year', 'fail', waiver({ expires: '2027-11-23' }), 'waived'],
    ['nothing for more than a year', 'fail', waiver({ expires: '2027-11-24' }), 'fail'],
    ['nothing the day after', 'fail', waiver({ expires: '2026-11-22' }), 'fail'],
    ['nothing that could not be judged', 'inconclusive', waiver(), 'inconclusive'],
    ['nothing that is missing', 'missing', waiver(), 'missing'],
  ] as const)('waives %s', (_, status, one, expected) => {
    expect(statusAfter(status, one)).toBe(expected)
  })
})

const ruleEntry = (id: string, more: Partial<RuleIndexEntry> = {}): RuleIndexEntry => ({
  id,
  level: 'must',
  targets: ['installer'],
  needs: [],
  pinned: false,
  scope: 'part',
  sentence: '',
  fix: '',
  file: '',
  ...more,
})

describe('a rule that needs a waived one', () => {
  const chain = [ruleEntry('A-001'), ruleEntry('B-001', { needs: ['A-001'] }), ruleEntry('C-001', { needs: ['B-001'] })]
  const ruleIndex = { version: '1.0.0', requirements: chain, retired: [] }
  const candidate = { key: 'a', parts: { installer: { image: true } }, pinned: true } as const
  const seen = (id: string, failed: boolean): Observation => ({
    candidate: 'a',
    part: 'installer',
    id,
    state: failed ? 'failed' : 'passed',
    errors: failed ? [{ name: 'AssertionError', message: 'no', assertion: true }] : [],
    durationMs: 1,
    spec: 'x',
  })
  it.each<[string, readonly string[], readonly string[], readonly Status[]]>([
    ['is judged, and passes', ['A-001'], ['A-001'], ['waived', 'pass', 'pass']],
    ['is judged, and red where it fails as well', ['A-001', 'B-001'], ['A-001'], ['waived', 'fail', 'blocked']],
    ['may be waived in its turn', ['A-001', 'B-001'], ['A-001', 'B-001'], ['waived', 'waived', 'pass']],
    ['is not waived where its need is not', ['A-001', 'B-001'], ['B-001'], ['fail', 'blocked', 'blocked']],
    ['leaves another failure visible, however deep', ['A-001', 'C-001'], ['A-001'], ['waived', 'pass', 'fail']],
  ])('%s', (_, failing, waived, expected) => {
    const observations = chain.map(({ id }) => seen(id, failing.includes(id)))
    const waivers = waived.map((id) => waiver({ id }))
    const terms = { ...TERMS, isWaivable: () => true }
    const { rules } = judgeWithWaivers([ruleIndex, candidate, observations], waivers, terms)
    expect(rules.map(({ status }) => status)).toEqual(expected)
  })
})

describe('mayBeWaived', () => {
  const requirements = [
    ruleEntry('EXT-008'),
    ruleEntry('KRN-005', { pinned: true }),
    ruleEntry('OCI-004'),
    ruleEntry('OCI-010', { level: 'should', pinned: true }),
    ruleEntry('REL-004', { targets: ['registry'] }),
  ]
  const ruleIndex = { version: '1.0.0', requirements, retired: [] }

  it.each([
    ['EXT-008', [], true],
    ['KRN-005', [], false],
    ['OCI-004', [], false],
    ['REL-004', [], false],
    ['OCI-010', [], true],
    ['KRN-005', ['KRN-005'], true],
    ['OCI-004', ['KRN-005'], false],
    ['XXX-001', [], true],
  ])('says of %s where the contract has %j: %s', (id, waivable, expected) => {
    expect(mayBeWaived(ruleIndex, { waivable }, id)).toBe(expected)
  })
})

describe('a waiver of an entry', () => {
  const finding = (entry: string) => ({ part: 'installer', message: entry, entry }) as const
  const judged = { ...rule('REL-010', 'fail'), findings: [finding('one'), finding('two')] }
  const after = (...waivers: readonly Waiver[]) => waive([judged], waivers, TERMS)

  it('takes its finding away, and leaves the rule red for the others', () => {
    const { rules, used } = after(waiver({ id: 'REL-010/one' }))
    expect(rules[0]).toMatchObject({ status: 'fail', findings: [finding('two')] })
    expect(used.size).toBe(1)
  })

  it('waives the rule once every finding is waived', () => {
    expect(after(waiver({ id: 'REL-010/one' }), waiver({ id: 'REL-010/two' })).rules[0]?.status).toBe('waived')
  })

  it('is not needed where its entry does not apply', () => {
    const three = waiver({ id: 'REL-010/three' })
    const { rules, used } = after(three)
    expect(rules[0]?.findings).toHaveLength(2)
    expect(
      waiverErrors([three], { ...TERMS, used, variants: ['spin-only'], judged: new Set(['REL-010']), known: KNOWN }),
    ).toEqual(['waiver of REL-010/three is not needed any more: take it out'])
  })
})

describe('waiverErrors', () => {
  const runErrors = (status: Status, one: Waiver): readonly string[] => {
    const { used } = waive([rule('EXT-016', status)], [one], TERMS)
    return waiverErrors([one], {
      ...TERMS,
      used,
      variants: ['spin-only', 'spin-tailscale'],
      judged: new Set(['EXT-016']),
      known: KNOWN,
    })
  }

  it('is quiet about a waiver that is needed, and about one of a rule that was not judged', () => {
    expect(runErrors('fail', waiver())).toEqual([])
    expect(runErrors('pass', waiver({ id: 'KRN-001' }))).toEqual([])
  })

  it('refuses a waiver of what must not be waived, and says what to do', () => {
    const one = waiver({ id: 'KRN-005' })
    const { rules, used } = waive([rule('KRN-005', 'fail')], [one], TERMS)
    expect(rules[0]?.status).toBe('fail')
    expect(waiverErrors([one], { ...TERMS, used, variants: [], judged: new Set(['KRN-005']), known: KNOWN })).toEqual([
      expect.stringMatching(/^waiver of KRN-005 is refused: .* list KRN-005 under waivable in the contract$/),
    ])
  })

  it('refuses a waiver that ends more than a year from now', () => {
    expect(runErrors('fail', waiver({ expires: '2027-11-24' }))).toEqual([
      'waiver of EXT-016 ends on 2027-11-24: expected a day at most a year away, give an earlier one',
    ])
  })

  it('reports a waiver that is not needed', () => {
    expect(runErrors('pass', waiver())).toEqual(['waiver of EXT-016 is not needed any more: take it out'])
  })

  it('reports a waiver of a rule that there is not, though it was not judged', () => {
    expect(runErrors('fail', waiver({ id: 'EXT-999' }))).toEqual([
      'waiver of EXT-999: there is no such rule (npx talos-image explain lists them): mend its name, or take it out',
    ])
  })

  it('reports a waiver for a variant that the contract does not define', () => {
    expect(runErrors('fail', waiver({ variant: 'spin' }))).toEqual([
      'waiver of EXT-016 for spin: unknown variant spin; defined: spin-only, spin-tailscale',
    ])
    expect(runErrors('fail', waiver({ variant: 'spin-only' }))).toEqual([])
  })

  it('reports an expired waiver', () => {
    expect(runErrors('fail', waiver({ expires: '2026-11-22', variant: 'spin-only' }))).toEqual([
      'waiver of EXT-016 for spin-only expired on 2026-11-22: fix the image or renew it',
    ])
  })
})

describe('waiverUse', () => {
  it('tells the waivers that were needed from those whose rule was judged without them', () => {
    const [needed, unneeded, other] = ['EXT-015', 'EXT-016', 'EXT-017'].map((id) => waiver({ id }))
    const used = new Set(needed === undefined ? [] : [needed])
    const found = waiverUse(
      [needed, unneeded, other].filter((one) => one !== undefined),
      {
        used,
        judged: new Set(['EXT-015', 'EXT-016']),
      },
    )
    expect(found).toEqual({
      needed: ['waiver of EXT-015 is not needed any more: take it out'],
      unneeded: ['waiver of EXT-016 is not needed any more: take it out'],
    })
  })
})

describe('parseWaivers', () => {
  const parse = (text: string) => parseWaivers(new TextEncoder().encode(text), 'waivers.yaml')

  it('reads waivers', () => {
    expect(parse('waivers:\n  - {id: EXT-016, reason: upstream ships none, expires: 2027-01-31}\n')).toEqual([
      { id: 'EXT-016', reason: 'upstream ships none', expires: '2027-01-31' },
    ])
  })

  it.each([
    ['without an end', '{id: EXT-016, reason: upstream ships none}', '/waivers/0/expires'],
    ['without a reason', '{id: EXT-016, reason: "", expires: 2027-01-31}', '/waivers/0/reason'],
    ['of no rule', '{id: EXT16, reason: upstream ships none, expires: 2027-01-31}', '/waivers/0/id'],
    ['of no day', '{id: EXT-016, reason: upstream ships none, expires: 2027-02-31}', '/waivers/0/expires'],
  ])('refuses one %s', async (_, entry, path) => {
    const error = await expectCode<SchemaError>(() => parse(`waivers:\n  - ${entry}\n`), SchemaError, 'SCHEMA')
    expect(error.issues.map((issue) => issue.path)).toEqual([path])
  })
})
