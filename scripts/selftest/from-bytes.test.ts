import { describe, expect, it } from 'vitest'
import { sampleFinding, sampleRule } from '../testing/sample-conformance.ts'
import { compareWithBytes, compareWithKept, sample } from './from-bytes.ts'

const candidates = Array.from({ length: 50 }, (_, at) => ({ candidate: { key: `${at}` } }))

describe('sample', () => {
  it('has as many as are asked for, each once, the same ones for a seed', () => {
    const chosen = sample(candidates, 1, 10)
    expect(new Set(chosen).size).toBe(10)
    expect(sample(candidates, 1, 10)).toEqual(chosen)
    expect(sample(candidates, 2, 10)).not.toEqual(chosen)
    expect(sample(candidates, 1, 100)).toHaveLength(50)
  })
})

describe('compareWithBytes', () => {
  const finding = { ...sampleFinding, where: { path: 'a', offset: 1 } }
  const rule = sampleRule('A-001', 'fail', { findings: [finding], durationMs: 1 })
  const judged = (rules: readonly ReturnType<typeof sampleRule>[], key = 'one') => [{ candidate: { key }, rules }]

  it('has nothing to say where all but the time is equal', () => {
    expect(compareWithBytes(judged([rule]), judged([{ ...rule, durationMs: 2 }]))).toEqual([])
  })

  it.each([
    ['another status', judged([sampleRule('A-001', 'pass', { findings: [finding] })])],
    ['another place', judged([{ ...rule, findings: [{ ...finding, where: { path: 'a', offset: 2 } }] }])],
    ['another message', judged([{ ...rule, findings: [{ ...finding, message: 'another' }] }])],
    ['no such rule', judged([])],
    ['one rule more', judged([rule, sampleRule('A-002', 'pass')])],
    ['no such candidate', judged([rule], 'other')],
  ])('reports %s', (_, shared) => {
    const found = compareWithBytes(shared, judged([rule]))
    expect(found).toEqual([
      expect.stringMatching(/^one: expected A-00[12] as its bytes give it, .*, got .* from shared/),
    ])
  })
})

describe('compareWithKept', () => {
  const judged = (key: string, status: 'pass' | 'fail') => ({
    candidate: { key },
    rules: [sampleRule('A-001', status)],
  })
  const first = [judged('one', 'pass'), judged('two', 'fail')]

  it('has nothing to say of equal verdicts from facts, and of those that were not judged again', () => {
    expect(compareWithKept(first, [judged('two', 'fail')], 1)).toEqual([])
    expect(compareWithKept(first, [], 0)).toEqual([])
  })

  it('reports another verdict', () => {
    expect(compareWithKept(first, [judged('two', 'pass')], 1)).toEqual([
      expect.stringMatching(/^two: expected A-001 .*"fail".*, got .*"pass".* from kept facts$/),
    ])
  })

  it('reports that nothing was believed', () => {
    expect(compareWithKept(first, first, 0)).toEqual([expect.stringMatching(/^kept facts: .* got none$/)])
  })
})
