import { describe, expect, it } from 'vitest'
import { findNonNul, skipPadding } from './padding.ts'
import { bytesSource } from './source.ts'

const SIZE = 3 * 4096 + 5

describe('findNonNul', () => {
  it.each([0, 1, 4095, 4096, 4097, 8191, 8192, SIZE - 6, SIZE - 5, SIZE - 1])('finds the one at %i', (at) => {
    const bytes = new Uint8Array(SIZE)
    bytes[at] = 1
    expect(findNonNul(bytes)).toBe(at)
    expect(findNonNul(bytes.subarray(at))).toBe(0)
    expect(findNonNul(bytes.subarray(0, at))).toBe(-1)
  })

  it('finds none among NULs, nor among nothing', () => {
    expect([new Uint8Array(SIZE), new Uint8Array(4096), new Uint8Array(0)].map(findNonNul)).toEqual([-1, -1, -1])
  })
})

describe('skipPadding', () => {
  it('ends at the first byte that is no NUL, or at the end', async () => {
    const bytes = new Uint8Array(SIZE)
    bytes[SIZE - 2] = 1
    const source = bytesSource(bytes)
    expect(await Promise.all([skipPadding(source, 3), skipPadding(source, SIZE - 1)])).toEqual([SIZE - 2, SIZE])
    expect(await skipPadding(source, 1, SIZE - 2)).toBe(SIZE - 2)
  })
})
