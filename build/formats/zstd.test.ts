import { zstdDecompressSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { compressZstd } from './zstd.ts'

const bytes = Buffer.from('early boot '.repeat(100_000))

it('writes one frame with a checksum and without a content size', async () => {
  const frame = Buffer.from(await compressZstd(bytes))
  expect(frame.readUInt32LE(0)).toBe(0xfd2fb528)
  expect(frame[4]).toBe(0x04) // no single segment, no content size; the checksum flag
  expect(zstdDecompressSync(frame).equals(bytes)).toBe(true)
})

it('gives the same bytes for the same input, other bytes for another level', async () => {
  const [one, two, fast] = [await compressZstd(bytes), await compressZstd(bytes), await compressZstd(bytes, 1)]
  expect(two).toEqual(one)
  expect(fast).not.toEqual(one)
})

it('takes no bytes', async () => {
  expect(zstdDecompressSync(await compressZstd(new Uint8Array(0)))).toHaveLength(0)
})
