// A layer, read once: digest and size of the stored bytes, the tar in them and its digest, and every entry of the tar.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
import { COMPRESSION_MAGIC_SIZE, decompress, detectCompression, gunzipChunks } from '../bytes/compression.ts'
import type { Compression } from '../bytes/compression.ts'
import { readDigest, type Digest, type DigestAlgorithm } from '../bytes/digest.ts'
import { memberLocation, type ByteSource } from '../bytes/source.ts'
import type { Spool } from '../bytes/spool.ts'
import { tallyChunks, type Content } from '../bytes/verified.ts'
import { FileTree } from '../fs/file-tree.ts'
import type { TarEntry } from '../fs/tar-entry.ts'
import { TarIndexer } from '../fs/tar-index.ts'

/** Twenty times the biggest layer of a Talos installer. */
export const MAX_LAYER_BYTES = 8 * 2 ** 30

export type LayerContent = {
  /** Of the bytes as stored. */
  readonly computed: Content
  /** Digest of the tar, which the config's `diff_ids` claim. */
  readonly diffId: Digest
  /** Bytes of the tar. */
  readonly tarSize: number
  /** By magic number, whatever the media type says. */
  readonly compression: Compression
  /** In the order of the tar, whiteouts as files. */
  readonly entries: readonly TarEntry[]
  /** The layer by itself: of entries with one path the last, whiteouts as files. */
  readonly tree: FileTree
  /** Whether the tar has its two blocks of zeros, and whether anything but zeros follows them. */
  readonly ended: boolean
  readonly trailing: boolean
}

export type LayerOptions = {
  readonly spool: Spool
  /** Of the digest that is claimed for the stored bytes. */
  readonly algorithm?: DigestAlgorithm
  /** Of the tar; MAX_LAYER_BYTES. */
  readonly maxBytes?: number
}

/**
 * Errors of `decompress` (UNSUPPORTED for other compressions than gzip and zstd) and of `TarIndexer`; LIMIT_EXCEEDED
 * above `maxBytes`. `origin` of every entry is in the tar: the source's own `where`, with `!tar` if compressed.
 */
export async function readLayer(source: ByteSource, options: LayerOptions): Promise<LayerContent> {
  const algorithm = options.algorithm ?? 'sha256'
  const compression = detectCompression(await source.read(0, Math.min(COMPRESSION_MAGIC_SIZE, source.size)))
  const where = compression === 'none' ? source.where : memberLocation(source.where, 'tar')
  const limits = { format: 'layer', maxBytes: options.maxBytes ?? MAX_LAYER_BYTES }
  const stored = tallyChunks(source.stream(), algorithm)
  // zstd is read frame by frame from the source itself, so its stored bytes are measured apart.
  const unpacked = tallyChunks(
    compression === 'gzip'
      ? gunzipChunks(stored.chunks, { ...limits, where: source.where })
      : decompress(source, compression, limits),
  )
  const indexer = new TarIndexer(where)
  const chunks = indexed(unpacked.chunks, indexer)
  const tar =
    compression === 'none' ? await drain(chunks, source) : await options.spool.take(chunks, { ...limits, where })
  const { entries, ended, trailing } = await indexer.finish(tar)
  const { digest: diffId, size: tarSize } = unpacked.result()
  const isMeasured = compression === 'none' && algorithm === 'sha256'
  const digest = stored.complete() ? stored.result().digest : isMeasured ? diffId : await readDigest(source, algorithm)
  return {
    computed: { digest, size: source.size },
    diffId,
    tarSize,
    compression,
    entries,
    tree: new FileTree(entries, where),
    ended,
    trailing,
  }
}

async function* indexed(
  chunks: AsyncIterable<Uint8Array>,
  indexer: TarIndexer,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    await indexer.push(chunk)
    yield chunk
  }
}

/** A tar that is stored as such needs no second place. */
async function drain(chunks: AsyncIterable<Uint8Array>, source: ByteSource): Promise<ByteSource> {
  for await (const _ of chunks);
  return source
}
