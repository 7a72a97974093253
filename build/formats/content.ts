// Content for a writer: bytes at hand, or bytes that are made on demand, of a size known before.
import { CHUNK_SIZE } from '#harness/bytes/source.ts'

/** Gives the same `size` bytes at every call of `stream`; a ByteSource is one. */
export type Streamed = { readonly size: number; stream(): AsyncIterable<Uint8Array> }
export type Content = Uint8Array | Streamed

export function sizeOf(content: Content): number {
  return content instanceof Uint8Array ? content.length : content.size
}

/** The bytes, in chunks. A stream that is not of the size it claims is an error: what is written counts on it. */
export async function* chunksOf(content: Content): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) {
    for (let at = 0; at < content.length; at += CHUNK_SIZE) yield content.subarray(at, at + CHUNK_SIZE)
    return
  }
  let size = 0
  for await (const chunk of content.stream()) {
    size += chunk.length
    yield chunk
  }
  if (size !== content.size) throw new Error(`expected a stream of ${content.size} bytes, got ${size}`)
}

/** The same bytes in pieces of exactly `size`, but for the last. */
export async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, void> {
  let pending: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + size - length)
      at += part.length
      if (part.length === size) {
        yield part
        continue
      }
      // A copy: the producer may use the chunk again.
      pending.push(Uint8Array.from(part))
      length += part.length
      if (length < size) continue
      yield Buffer.concat(pending)
      pending = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(pending)
}
