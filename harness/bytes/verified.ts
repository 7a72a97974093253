// Streams that are measured while they pass: judged at once (`verifiedChunks`) or only written down (`tallyChunks`).
import { createHash } from 'node:crypto'
import { IntegrityError, type Location } from '../errors.ts'
import { algorithmOf, makeDigest, type Digest, type DigestAlgorithm } from './digest.ts'

/** The identity of content: its digest and its size in bytes. */
export type Content = { readonly digest: Digest; readonly size: number }

/**
 * Passes chunks through. IntegrityError SIZE_MISMATCH as soon as there are more bytes than `expected.size`, or at the
 * end when there are fewer; DIGEST_MISMATCH before the end is reported: who sees the end has seen the right bytes.
 */
export async function* verifiedChunks(
  chunks: AsyncIterable<Uint8Array>,
  expected: Content,
  at: Location,
): AsyncGenerator<Uint8Array, void, void> {
  const tally = tallyChunks(chunks, algorithmOf(expected.digest))
  let bytesRead = 0
  for await (const chunk of tally.chunks) {
    bytesRead += chunk.length
    if (bytesRead > expected.size) throw sizeMismatch(`at least ${bytesRead}`, bytesRead, expected.size, at)
    yield chunk
  }
  if (bytesRead !== expected.size) throw sizeMismatch(`${bytesRead}`, bytesRead, expected.size, at)
  const { digest: got } = tally.result()
  if (got !== expected.digest)
    throw new IntegrityError('DIGEST_MISMATCH', `content: expected ${expected.digest}, got ${got}`, {
      at,
      got,
      want: expected.digest,
      bytesRead,
    })
}

function sizeMismatch(text: string, got: number, want: number, at: Location): IntegrityError {
  return new IntegrityError('SIZE_MISMATCH', `content: expected ${want} bytes, got ${text}`, {
    at,
    got,
    want,
    bytesRead: got,
  })
}

export type Tally = {
  readonly chunks: AsyncGenerator<Uint8Array, void, void>
  /** True if `chunks` has been read to its end, so that `result` speaks of all bytes. */
  complete(): boolean
  /** Digest and size of what has passed so far. */
  result(): Content
}

/** Passes chunks through and writes down what they were. */
export function tallyChunks(source: AsyncIterable<Uint8Array>, algorithm: DigestAlgorithm = 'sha256'): Tally {
  const hash = createHash(algorithm)
  let size = 0
  let complete = false
  async function* pass(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
    complete = true
  }
  return {
    chunks: pass(),
    complete: () => complete,
    result: () => ({ digest: makeDigest(algorithm, hash.copy().digest('hex')), size }),
  }
}
