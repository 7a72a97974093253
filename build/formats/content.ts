// Content for a writer: bytes at hand, or bytes that are made on demand, of a size known before.
import { CHUNK_SIZE } from '#harness/bytes/source.ts'

/** Gives the same `size` bytes at every call of `stream`, which may use `memory` for its chunks; a ByteSource is one. */
export type Streamed = {
  readonly size: number
  stream(start?: number, end?: number, memory?: Uint8Array): AsyncIterable<Uint8Array>
}
export type Content = Uint8Array | Streamed

export function sizeOf(content: Content): number {
  return content instanceof Uint8Array ? content.length : content.size
}

/**
 * The bytes, in chunks; with `memory`, which has room for one, each holds until the next is asked for. A stream that is not of
 * the size it claims is an error: what is written counts on it.
 */
export async function* chunksOf(content: Content, memory?: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) {
    for (let at = 0; at < content.length; at += CHUNK_SIZE) yield content.subarray(at, at + CHUNK_SIZE)
    return
  }
  let size = 0
  for await (const chunk of content.stream(0, content.size, memory)) {
    size += chunk.length
    yield chunk
  }
  if (size !== content.size) throw new Error(`expected a stream of ${content.size} bytes, got ${size}`)
}

/**
 * The same bytes in pieces of exactly `size`, but for the last. With `memory`, which has room for one, a piece holds until the
 * next is asked for.
 */
export async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
  memory?: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  let piece: Uint8Array | undefined
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
      piece ??= memory ?? Buffer.allocUnsafeSlow(size)
      piece.set(part, length)
      length += part.length
      if (length < size) continue
      yield piece
      piece = undefined
      length = 0
    }
  }
  if (piece !== undefined) yield piece.subarray(0, length)
}
