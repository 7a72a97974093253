// The bytes of an ISO or a raw disk, decompressed where that is how it is published.
import { COMPRESSION_MAGIC_SIZE, decompress, detectCompression } from '../../bytes/compression.ts'
import { unxz } from './xz/xz.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'

const FORMAT = 'medium'
/** A disk of 16 GiB; imager's have 2246 MiB unless the profile says otherwise. */
const MAX_SIZE = 2 ** 34
/** Limit for what is not zero: a disk holds some hundred MiB. */
const MAX_CONTENT = 2 ** 31

/** Errors of decompress and unxz; LIMIT_EXCEEDED above MAX_SIZE, and above MAX_CONTENT for bytes that are not zero. */
export async function unpackImage(source: ByteSource, spool: Spool): Promise<ByteSource> {
  const magic = await source.read(0, Math.min(COMPRESSION_MAGIC_SIZE, source.size))
  const compression = detectCompression(magic)
  if (compression === 'none') return source
  const options = { format: FORMAT, maxBytes: MAX_SIZE }
  const { where } = source
  const chunks = compression === 'xz' ? unxz(source, { ...options, where }) : decompress(source, compression, options)
  return spool.takeSparse(chunks, {
    ...options,
    where,
    maxContentBytes: MAX_CONTENT,
  })
}
