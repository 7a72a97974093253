import { describe, expect, it } from 'vitest'
import { allGaps, derived, free, leaf, leafWith, pinned, sumsOf, type Branch } from './span.ts'

const UPSTREAM = pinned('lock.x', 'KRN-005')
const LAYOUT = derived('the layout', 'UKI-011')

describe('an account', () => {
  const inner: Branch = {
    name: 'inner',
    offset: 4,
    size: 6,
    decoded: { from: 'zstd', size: 20 },
    parts: [leaf('a', 0, 12, UPSTREAM), leaf('b', 15, 5, free('no reason'))],
  }
  const outer: Branch = { name: 'outer', offset: 0, size: 12, parts: [leaf('head', 0, 4, LAYOUT), inner] }

  it('sums leaves, decoded bytes where there are some, and what is not accounted for', () => {
    expect(sumsOf([outer])).toEqual({ pinned: 12, derived: 4, declared: 0, free: 5, unaccounted: 3 + 2 })
  })

  it('names what is not accounted for', () => {
    expect(allGaps([outer])).toEqual([
      { path: 'outer', offset: 10, size: 2 },
      { path: 'outer!inner', offset: 12, size: 3 },
    ])
  })

  it('takes exceptions out of a range', () => {
    const parts = leafWith('x', 10, 10, LAYOUT, [leaf('time', 12, 2, free('a time')), leaf('end', 18, 2, UPSTREAM)])
    expect(parts.map(({ name, offset, size }) => [name, offset, size])).toEqual([
      ['x', 10, 2],
      ['time', 12, 2],
      ['x', 14, 4],
      ['end', 18, 2],
    ])
  })
})
