import { expect, it } from 'vitest'
import { nearMatches } from './near.ts'

const IDS = ['EXT-001', 'EXT-015', 'EXT-016', 'KRN-001', 'UKI-015', 'ROOT-004']

it.each([
  ['EXT-051', ['EXT-001', 'EXT-015', 'EXT-016']],
  ['ext015', ['EXT-015', 'EXT-016']],
  ['KRN-01', ['KRN-001']],
  ['ROT-004', ['ROOT-004']],
  ['EXT-', []],
  ['x'.repeat(1 << 20), []],
])('finds what %s may have meant', (typed, near) => {
  expect(nearMatches(typed, IDS)).toEqual(near)
})
