import { expect, it } from 'vitest'
import { formatSize } from './size.ts'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1023, '1.00 KiB'],
  [1024, '1.00 KiB'],
  [5 << 20, '5.00 MiB'],
  [2 ** 41, '2048 GiB'],
  [1 << 20, '1.00 MiB'],
  [10.25 * (1 << 20), '10.3 MiB'],
  [999.6 * (1 << 20), '0.98 GiB'],
  [5000 * 2 ** 30, '5000 GiB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})
