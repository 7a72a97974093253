import { describe, expect, it } from 'vitest'
import { formatSize, parseSize } from './size.ts'

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['10B', 10],
    ['5G', 5 * 2 ** 30],
    ['5GiB', 5 * 2 ** 30],
    ['5 gb', 5 * 2 ** 30],
    ['1.5M', 1.5 * 2 ** 20],
    ['2T', 2 * 2 ** 40],
    ['-1', undefined],
    ['G', undefined],
    ['5P', undefined],
    ['', undefined],
    ['1e9', undefined],
  ])('takes %j for %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })
})

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1.5 * 2 ** 30, '1.5 GiB'],
  [2 ** 52, '4096.0 TiB'],
])('writes %d as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})
