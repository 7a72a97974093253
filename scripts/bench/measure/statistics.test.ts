import { describe, expect, it } from 'vitest'
import { pairedRatios, summarize } from './statistics.ts'

describe('summarize', () => {
  it.each([
    [[3], { median: 3, min: 3, max: 3 }],
    [[3, 1], { median: 2, min: 1, max: 3 }],
    [[10, 9, 100], { median: 10, min: 9, max: 100 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
  ])('of %j', (values, expected) => {
    expect(summarize(values)).toEqual(expected)
  })

  it('wants a value', () => {
    expect(() => summarize([])).toThrow('expected at least one value')
  })
})

describe('pairedRatios', () => {
  it('divides round by round', () => {
    expect(pairedRatios([1, 6], [2, 3])).toEqual([0.5, 2])
  })

  it('wants as many of both', () => {
    expect(() => pairedRatios([1], [])).toThrow('expected 1 pairs, got 0')
  })
})
