import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { CHUNK_SIZE } from '#harness/bytes/source.ts'
import { compressZstd, zstdChunks } from './zstd.ts'

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

it('is one frame where it ends with a buffer of the output', async () => {
  // Blocks of 128 KiB that are stored: 6 content of header, 3 for each block, 4 of checksum.
  const content = randomBytes(CHUNK_SIZE - 6 - 8 * 3 - 4)
  const frame = await compressZstd(content, 1)
  expect(frame.length).toBe(CHUNK_SIZE)
  expect((await buffer(zstdChunks(Readable.from([content]), 1))).equals(frame)).toBe(true)
})
