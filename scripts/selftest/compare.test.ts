import { describe, expect, it } from 'vitest'
import { sampleFinding, sampleRule } from '../testing/sample-conformance.ts'
import type { RuleVerdict } from '../judge/verdict/conformance.ts'
import { compareVerdict, killMatrix } from './compare.ts'

const rule = (id: string, status: RuleVerdict['status'], more: Partial<RuleVerdict> = {}): RuleVerdict =>
  sampleRule(id, status, { findings: [], ...more })
const VIOLATION = { violates: ['A-001'], inconclusive: [] }
const NEIGHBOUR = { violates: [], inconclusive: [] }

describe('compareVerdict', () => {
  it('has nothing to say where exactly the named rules fail and the rest is quiet', () => {
    const rules = [
      rule('A-001', 'fail'),
      rule('B-001', 'pass'),
      rule('C-001', 'not-applicable'),
      rule('D-001', 'blocked'),
    ]
    expect(compareVerdict(rules, VIOLATION)).toEqual([])
  })

  it.each<RuleVerdict['status']>(['pass', 'inconclusive', 'blocked', 'missing', 'waived', 'not-applicable'])(
    'takes %s of a rule that must fail for no failure',
    (status) => {
      expect(compareVerdict([rule('A-001', status)], VIOLATION)).toEqual([`expected A-001 to fail, got ${status}`])
    },
  )

  it.each<RuleVerdict['status']>(['fail', 'inconclusive', 'missing', 'waived'])(
    'reports %s of a rule that is not named',
    (status) => {
      const rules = [rule('A-001', 'fail'), rule('B-001', status)]
      expect(compareVerdict(rules, VIOLATION)).toEqual([`expected B-001 to pass, got ${status}`])
    },
  )

  it.each([
    ['fail', { violates: ['Z-001'], inconclusive: [] }],
    ['be inconclusive', { violates: [], inconclusive: ['Z-001'] }],
  ])('reports a rule that was to %s and that no spec states', (_, expected) => {
    expect(compareVerdict([rule('A-001', 'pass')], expected)).toEqual([
      'expected Z-001 to be judged, got no such rule: state it, and run npm run rule-index',
    ])
  })

  it('takes a blocked rule only where another one was to fail', () => {
    const rules = [rule('B-001', 'blocked', { reason: 'A-001 failed' })]
    expect(compareVerdict(rules, NEIGHBOUR)).toEqual(['expected B-001 to pass, got blocked (A-001 failed)'])
    expect(
      compareVerdict([...rules, rule('A-001', 'inconclusive')], { violates: [], inconclusive: ['A-001'] }),
    ).toEqual(['expected B-001 to pass, got blocked (A-001 failed)'])
  })

  it('distinguishes an inconclusive rule and one that fails', () => {
    const expected = { violates: [], inconclusive: ['A-001'] }
    expect(compareVerdict([rule('A-001', 'inconclusive')], expected)).toEqual([])
    const findings = [{ ...sampleFinding, message: 'wrong\nin detail' }]
    expect(compareVerdict([rule('A-001', 'fail', { findings })], expected)).toEqual([
      'expected A-001 to be inconclusive, got fail (wrong)',
    ])
  })

  it('wants the one finding of a failure at its line', () => {
    const at = (line: number) => ({ ...sampleFinding, where: { path: 'config', line } })
    const expected = { ...VIOLATION, place: 'config:42' }
    expect(compareVerdict([rule('A-001', 'fail', { findings: [at(42)] })], expected)).toEqual([])
    expect(compareVerdict([rule('A-001', 'fail', { findings: [at(41)] })], expected)).toEqual([
      'expected A-001 to fail at config:42, got config:41',
    ])
    expect(compareVerdict([rule('A-001', 'fail', { findings: [at(42), at(42)] })], expected)).toEqual([
      'expected A-001 to fail at config:42, got config:42, config:42',
    ])
    expect(compareVerdict([rule('A-001', 'fail')], expected)).toEqual(['expected A-001 to fail at config:42, got '])
  })
})

describe('killMatrix', () => {
  it('has the rules that failed in any verdict, and no other', () => {
    const verdicts = [
      { rules: [rule('A-001', 'fail'), rule('B-001', 'pass')] },
      { rules: [rule('A-001', 'pass'), rule('C-001', 'inconclusive'), rule('D-001', 'blocked')] },
    ]
    expect([...killMatrix(verdicts)]).toEqual(['A-001'])
  })
})
