import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compressZstd } from '../zstd.ts'
import { makeCompressor } from './compressor.ts'

/** Bytes that nothing makes smaller; compressed they end at or about 16 KiB, where Node's buffer ended. */
const SIZES = Array.from({ length: 40 }, (_, at) => 16_350 + at)
const bytes = randomBytes(17_000)

describe('a compressed block', () => {
  it('is one frame, also where it ends at a round size', async () => {
    const frames = await Promise.all(SIZES.map((size) => compressZstd(bytes.subarray(0, size))))
    // Magic number, header, the head of one block, checksum.
    expect(new Set(frames.map((frame, at) => frame.length - (SIZES[at] ?? 0))).size).toBe(1)
    const { compress } = makeCompressor({ compression: 'zstd' })
    // A byte that repeats brings each block below its own size, so that it is not stored as it is.
    const text = (size: number): Uint8Array => Buffer.concat([bytes.subarray(0, size), Buffer.alloc(300)])
    const blocks = await Promise.all(SIZES.map((size) => compress(text(size))))
    const extra = blocks.map((block, at) => block.bytes.length - (SIZES[at] ?? 0))
    expect(Math.max(...extra) - Math.min(...extra)).toBeLessThan(9)
  })
})
