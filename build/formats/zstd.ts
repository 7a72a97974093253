// Writes one zstd frame as `zstd -18` does from a pipe: https://www.rfc-editor.org/rfc/rfc8878
import { buffer } from 'node:stream/consumers'
import { constants, createZstdCompress } from 'node:zlib'

/** What Talos compresses its initramfs with (ZSTD_COMPRESSION_LEVEL in siderolabs/talos Makefile). */
export const TALOS_ZSTD_LEVEL = 18

/**
 * One frame with a checksum and without a content size. The same bytes for the same input and version of zstd: no worker
 * threads (ZSTD_c_nbWorkers), which cut the input into jobs.
 */
export async function compressZstd(bytes: Uint8Array, level = TALOS_ZSTD_LEVEL): Promise<Uint8Array> {
  const stream = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  const frame = buffer(stream)
  stream.end(bytes) // the one-shot zstdCompress knows the size and puts it into the header
  return frame
}
