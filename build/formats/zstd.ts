// Writes one zstd frame as `zstd -18` does from a pipe: https://www.rfc-editor.org/rfc/rfc8878
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, createZstdCompress } from 'node:zlib'
import { CHUNK_SIZE } from '#harness/bytes/source.ts'
import { inPieces } from './content.ts'

/** The level that Talos compresses its initramfs with (ZSTD_COMPRESSION_LEVEL in siderolabs/talos Makefile). */
export const TALOS_ZSTD_LEVEL = 18

/**
 * One frame with a checksum and without a content size. The same bytes for the same input and version of zstd: no
 * worker threads (ZSTD_c_nbWorkers), which cut the input into jobs.
 */
export async function compressZstd(bytes: Uint8Array, level = TALOS_ZSTD_LEVEL): Promise<Uint8Array> {
  const stream = createZstdCompress({ ...optionsOf(level), chunkSize: roomForFrame(bytes.length) })
  const frame = buffer(stream)
  stream.end(bytes) // the one-shot zstdCompress knows the size and puts it into the header
  return frame
}

/** The frame of nothing that Node adds, as a chunk of its own, where a frame ends with a buffer of the output (seen with 26.10). */
const NOTHING = Buffer.from('28b52ffd240001000099e9d851', 'hex')

/**
 * The size of a buffer that no frame of `size` bytes fills, so that Node adds no NOTHING: above ZSTD_COMPRESSBOUND of zstd.h.
 */
export function roomForFrame(size: number): number {
  return size + (size >> 7) + 512
}

/** One such frame of bytes that need not be in memory. How its input is cut changes a frame: it is cut anew here. */
export async function* zstdChunks(
  chunks: AsyncIterable<Uint8Array>,
  level = TALOS_ZSTD_LEVEL,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = createZstdCompress({ ...optionsOf(level), chunkSize: CHUNK_SIZE })
  const input = Readable.from(inPieces(chunks, CHUNK_SIZE), { highWaterMark: 1 })
  input.on('error', (error) => stream.destroy(error))
  try {
    for await (const chunk of input.pipe(stream) as AsyncIterable<Buffer>) if (!chunk.equals(NOTHING)) yield chunk
  } finally {
    input.destroy()
  }
}

function optionsOf(level: number) {
  return { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } }
}
