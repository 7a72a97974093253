// A layer, read once: digest and size of the stored bytes, the tar in them and its digest, and every entry of the tar.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
import type { Budget } from '../../budget.ts'
import { COMPRESSION_MAGIC_SIZE, decompress, detectLayerCompression, gunzipChunks } from '../../bytes/compression.ts'
import type { Compression } from '../../bytes/compression.ts'
import { readDigest, type Digest, type DigestAlgorithm } from '../../bytes/digest.ts'
import { identified } from '../../bytes/identity.ts'
import { memberLocation, type ByteSource, type FactKeeper } from '../../bytes/source.ts'
import type { Spool, SpoolOptions } from '../../bytes/spool.ts'
import { tallyChunks, type Content } from '../../bytes/verified.ts'
import type { Location } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import type { TarEntry } from '../../fs/tar-entry.ts'
import { TarIndexer } from '../../fs/tar-index.ts'

/** Twenty times the biggest layer of a Talos installer. */
export const MAX_LAYER_BYTES = 8 * 2 ** 30

export type LayerContent = {
  /** Digest and size of the bytes as stored. */
  readonly computed: Content
  /** Digest of the tar, which the config's `diff_ids` claim. */
  readonly diffId: Digest
  readonly tar: ByteSource
  /** The compression by magic number, whatever the media type says. */
  readonly compression: Compression
  /** Entries in the order of the tar, whiteouts as files. */
  readonly entries: readonly TarEntry[]
  /** The layer by itself: of entries with one path the last, whiteouts as files. */
  readonly tree: FileTree
  /** True where the tar ends with its two blocks of zeros; `trailing` where more than zeros follows them. */
  readonly ended: boolean
  readonly trailing: boolean
}

/** The tar of one layer and the index of it, as a store keeps them between runs. */
export interface LayerCache {
  /**
   * The layer as it was kept; undefined where nothing valid is kept. `where` names the layer; with `facts` its files are
   * identified.
   */
  find(where: Location, facts?: FactKeeper): Promise<LayerContent | undefined>
  /** A place for the tar. */
  begin(): Promise<LayerTar>
}

interface LayerTar {
  /** Errors of `Spool.take`. */
  take(chunks: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<ByteSource>
  /** Keeps the index of the layer, and the tar where the layer is compressed. */
  keep(content: LayerContent): Promise<void>
  /** Removes what was not kept. */
  drop(): Promise<void>
}

export type LayerOptions = {
  readonly spool: Spool
  /** The budget of the image that the layer belongs to; without one the layer is counted by itself. */
  readonly budget?: Budget | undefined
  /** The place that keeps the layer; without one it is read anew. */
  readonly cache?: LayerCache | undefined
  /** Algorithm of the digest that is claimed for the stored bytes. */
  readonly algorithm?: DigestAlgorithm
  /** Limit for the tar; MAX_LAYER_BYTES unless given. */
  readonly maxBytes?: number
}

/** Takes the bytes of a tar, and gives them back as a source. */
export type TakeTar = (chunks: AsyncIterable<Uint8Array>, where: Location) => Promise<ByteSource>

/**
 * Errors of `decompress` (UNSUPPORTED for other compressions than gzip and zstd) and of `TarIndexer`; LIMIT_EXCEEDED
 * above `maxBytes`. `origin` of every entry is in the tar: the source's own `where`, with `!tar` if compressed.
 * With a `cache` the layer is decompressed and indexed once; the tar and the index are kept there.
 */
export async function readLayer(source: ByteSource, options: LayerOptions): Promise<LayerContent> {
  const { cache, maxBytes = MAX_LAYER_BYTES } = options
  if (cache === undefined)
    return readStored(source, options, (chunks, where) =>
      options.spool.take(chunks, { format: 'layer', maxBytes, where }),
    )
  const known = await cache.find(source.where, options.spool.facts)
  if (known !== undefined) {
    options.budget?.spend('entries', known.entries.length, source.where)
    options.budget?.spend('bytes', known.tar.size, source.where)
    return known
  }
  const tar = await cache.begin()
  try {
    const content = await readStored(source, options, (chunks, where) =>
      tar.take(chunks, { format: 'layer', maxBytes, where }),
    )
    await tar.keep(content)
    return content
  } finally {
    await tar.drop()
  }
}

async function readStored(source: ByteSource, options: LayerOptions, take: TakeTar): Promise<LayerContent> {
  const { algorithm = 'sha256', maxBytes = MAX_LAYER_BYTES } = options
  const limits = { format: 'layer', maxBytes }
  const compression = detectLayerCompression(await source.read(0, Math.min(COMPRESSION_MAGIC_SIZE, source.size)))
  const stored = tallyChunks(source.stream(), algorithm)
  // zstd is read frame by frame from the source itself, so its stored bytes are measured apart.
  const unpacked =
    compression === 'gzip'
      ? gunzipChunks(stored.chunks, { ...limits, where: source.where })
      : decompress(source, compression, limits)
  const where = tarLocation(source.where, compression)
  const keep: TakeTar = compression === 'none' ? (chunks) => drain(chunks, source) : take
  const tar = await indexTar(unpacked, where, keep, options.budget, options.spool.facts)
  const isMeasured = compression === 'none' && algorithm === 'sha256'
  const digest = stored.complete()
    ? stored.result().digest
    : isMeasured
      ? tar.diffId
      : await readDigest(source, algorithm)
  return toLayer({ digest, size: source.size }, compression, tar, where)
}

export type IndexedTar = Pick<LayerContent, 'diffId' | 'tar' | 'entries' | 'ended' | 'trailing'>

/** Digest, bytes and entries of a tar as it passes on its way to `take`. Errors of `TarIndexer` and of `budget`. */
export async function indexTar(
  tar: AsyncIterable<Uint8Array>,
  where: Location,
  take: TakeTar,
  budget?: Budget,
  facts?: FactKeeper,
  onEntry?: (entry: TarEntry) => void,
): Promise<IndexedTar> {
  const unpacked = tallyChunks(tar)
  const indexer = new TarIndexer(where, onEntry)
  const counted = { bytes: 0, entries: 0 }
  const spend = (): void => {
    budget?.spend('bytes', indexer.reach - counted.bytes, where)
    budget?.spend('entries', indexer.count - counted.entries, where)
    Object.assign(counted, { bytes: indexer.reach, entries: indexer.count })
  }
  // Where another layer has spent all of it, this one is not begun.
  spend()
  const taken = await take(indexed(unpacked.chunks, indexer, spend), where)
  const { digest: diffId } = unpacked.result()
  const kept = tarOf(taken, diffId, facts)
  const { entries, ended, trailing } = await indexer.finish(kept)
  spend()
  return { diffId, tar: kept, entries, ended, trailing }
}

/** The tar with this digest, which facts about its files are kept under. */
export function tarOf(tar: ByteSource, diffId: Digest, facts: FactKeeper | undefined): ByteSource {
  return identified(tar, facts && { facts, root: diffId, offset: 0 })
}

export function toLayer(computed: Content, compression: Compression, tar: IndexedTar, where: Location): LayerContent {
  return { computed, compression, ...tar, tree: new FileTree(tar.entries, where) }
}

/** The location of the tar inside a layer. */
export function tarLocation(layer: Location, compression: Compression): Location {
  return compression === 'none' ? layer : memberLocation(layer, 'tar')
}

async function* indexed(
  chunks: AsyncIterable<Uint8Array>,
  indexer: TarIndexer,
  spend: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    await indexer.push(chunk)
    spend()
    yield chunk
  }
}

/** A tar that is stored as such needs no second place. */
async function drain(chunks: AsyncIterable<Uint8Array>, source: ByteSource): Promise<ByteSource> {
  for await (const _ of chunks);
  return source
}
