import { describe, expect, it } from 'vitest'
import { IntegrityError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { digestOf, type DigestAlgorithm } from './digest.ts'
import { tallyChunks, verifiedChunks } from './verified.ts'

const BYTES = Buffer.from('the bytes of a blob')
const AT = { path: 'blob' }

async function* inPieces(bytes: Uint8Array, length = 5): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.subarray(at, at + length))
}

async function drain(chunks: AsyncIterable<Uint8Array>, seen: Uint8Array[] = []): Promise<Buffer> {
  for await (const chunk of chunks) seen.push(chunk)
  return Buffer.concat(seen)
}

const expected = (size = BYTES.length, bytes: Uint8Array = BYTES, algorithm: DigestAlgorithm = 'sha256') => ({
  digest: digestOf(bytes, algorithm),
  size,
})

describe('verifiedChunks', () => {
  it.for(['sha256', 'sha512'] as const)('passes the right bytes through, by %s', async (algorithm) => {
    const chunks = verifiedChunks(inPieces(BYTES), expected(BYTES.length, BYTES, algorithm), AT)
    expect(await drain(chunks)).toEqual(BYTES)
  })

  it('passes no bytes where none are expected', async () => {
    expect(await drain(verifiedChunks(inPieces(BYTES.subarray(0, 0)), expected(0, Buffer.alloc(0)), AT))).toHaveLength(
      0,
    )
  })

  it('refuses fewer bytes at the end', async () => {
    const error = await expectCode<IntegrityError>(
      () => drain(verifiedChunks(inPieces(BYTES), expected(BYTES.length + 1), AT)),
      IntegrityError,
      'SIZE_MISMATCH',
    )
    expect(error).toMatchObject({ at: AT, got: 19, want: 20, bytesRead: 19 })
  })

  it('refuses more bytes before it hands them on', async () => {
    const seen: Uint8Array[] = []
    await expectCode(
      () => drain(verifiedChunks(inPieces(BYTES), expected(7), AT), seen),
      IntegrityError,
      'SIZE_MISMATCH',
    )
    expect(Buffer.concat(seen)).toHaveLength(5)
  })

  it('refuses other bytes of the same size before it reports the end', async () => {
    const seen: Uint8Array[] = []
    const other = Buffer.from(BYTES).fill(0x20, 3, 4).fill(0x21, 4, 5)
    const error = await expectCode<IntegrityError>(
      () => drain(verifiedChunks(inPieces(other), expected(), AT), seen),
      IntegrityError,
      'DIGEST_MISMATCH',
    )
    expect(error).toMatchObject({ at: AT, got: digestOf(other), want: digestOf(BYTES), bytesRead: 19 })
    expect(Buffer.concat(seen)).toEqual(other)
  })
})

describe('tallyChunks', () => {
  it('writes down what has passed, and whether that was all', async () => {
    const tally = tallyChunks(inPieces(BYTES))
    await tally.chunks.next()
    expect(tally.complete()).toBe(false)
    expect(tally.result()).toEqual({ digest: digestOf(BYTES.subarray(0, 5)), size: 5 })
    await drain(tally.chunks)
    expect(tally.complete()).toBe(true)
    expect(tally.result()).toEqual({ digest: digestOf(BYTES), size: BYTES.length })
  })
})
