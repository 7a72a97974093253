// A blob on its way into the cache: verified while it is written, and, where it is a gzipped or a plain layer, unpacked
// and indexed in the same pass.
import type { Budget } from '../../budget.ts'
import { COMPRESSION_MAGIC_SIZE, detectLayerCompression, gunzipChunks } from '../../bytes/compression.ts'
import { makeSource, type ByteSource } from '../../bytes/source.ts'
import type { Content } from '../../bytes/verified.ts'
import { HarnessError, type Location } from '../../errors.ts'
import type { TarListener } from './arrival.ts'
import type { Cache } from './cache.ts'
import type { Incoming } from './file.ts'
import { keepIndex } from './layers.ts'
import { indexTar, MAX_LAYER_BYTES, tarLocation, toLayer, type LayerContent } from '../image/layer.ts'

const LIMITS = { format: 'layer', maxBytes: MAX_LAYER_BYTES }

export type FillOptions = {
  readonly where: Location
  /** True for a blob that a manifest lists as a layer; one that turns out to be none is kept all the same. */
  readonly layer: boolean
  /** The budget of the image that the layer belongs to: beyond it a layer is kept as it came. */
  readonly budget?: Budget | undefined
  /** Gives a listener for the tar of a layer, which is written into `path`. */
  readonly onTar?: ((path: string) => TarListener) | undefined
}

/**
 * Writes `chunks`, which end only when they are what `content` says, into the cache. Errors of `chunks`, and of the
 * file system. What is wrong inside a layer is for its reader to say.
 */
export async function fillBlob(
  cache: Cache,
  content: Content,
  chunks: AsyncGenerator<Uint8Array, void, void>,
  { where, layer, ...options }: FillOptions,
): Promise<void> {
  const incoming = await cache.begin()
  const stream = tee(chunks, incoming)
  try {
    const indexed = layer ? await indexLayer(cache, content, stream.chunks, { where, ...options }) : undefined
    // Bytes that no reader of the layer wanted are part of the blob all the same.
    for await (const _ of stream.chunks);
    if (stream.failure !== undefined) throw stream.failure.error
    await cache.keep(incoming, 'blobs', content.digest)
    if (indexed !== undefined) await keepIndex(cache, content.digest, indexed)
  } finally {
    await chunks.return()
    await incoming.drop()
    await incoming.close()
  }
}

type Tee = { readonly chunks: AsyncIterable<Uint8Array>; readonly failure: { readonly error: unknown } | undefined }

/** Writes what passes, each chunk while it is read. A reader that stops does not end it: the next one reads on. */
function tee(source: AsyncGenerator<Uint8Array, void, void>, incoming: Incoming): Tee {
  const state: { failure?: { error: unknown } } = {}
  async function* pass(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* written(source, incoming)
    } catch (error) {
      state.failure = { error }
      throw error
    }
  }
  const passing = pass()
  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next: () => passing.next() }) },
    get failure() {
      return state.failure
    },
  }
}

/**
 * The layer as far as one pass can read it: undefined for zstd, which is read from the file, and for what is broken.
 */
async function indexLayer(
  cache: Cache,
  content: Content,
  chunks: AsyncIterable<Uint8Array>,
  { where, budget, onTar }: Omit<FillOptions, 'layer'>,
): Promise<LayerContent | undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true || !content.digest.startsWith('sha256:')) return undefined
  const compression = detectLayerCompression(first.value.subarray(0, COMPRESSION_MAGIC_SIZE))
  if (compression !== 'gzip' && compression !== 'none') return undefined
  const stored = startingWith(first.value, chunks)
  const at = tarLocation(where, compression)
  const tar = compression === 'gzip' ? await cache.begin() : undefined
  const listener = tar && onTar?.(tar.path)
  try {
    const unpacked =
      tar === undefined ? stored : written(gunzipChunks(stored, { ...LIMITS, where }), tar, listener?.written)
    const indexed = await indexTar(unpacked, at, discard, budget, undefined, listener?.entry)
    listener?.end(indexed.entries)
    if (tar !== undefined) await cache.keep(tar, 'tars', indexed.diffId)
    return toLayer(content, compression, indexed, at)
  } catch (error) {
    // A failure of the download shows in the stream itself; one of the layer is found again by whoever reads it.
    if (error instanceof HarnessError) return undefined
    throw error
  } finally {
    listener?.end()
    await tar?.drop()
    await tar?.close()
  }
}

/** The same chunks; each is written while it is read, and is not given back before it is written. */
async function* written(
  chunks: AsyncIterable<Uint8Array>,
  incoming: Incoming,
  onWritten: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array, void, void> {
  let size = 0
  for await (const chunk of chunks) {
    const writing = incoming.write(chunk)
    // Awaited in any case; who reads may take longer to say that it failed.
    writing.catch(() => undefined)
    try {
      yield chunk
    } finally {
      await writing
    }
    size += chunk.length
    onWritten(size)
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

/** Skips a tar that is in the blob itself; only its size is wanted, for the places of its entries. */
async function discard(chunks: AsyncIterable<Uint8Array>, where: Location): Promise<ByteSource> {
  let size = 0
  for await (const chunk of chunks) size += chunk.length
  return makeSource(() => Promise.reject(new Error('a tar that has passed cannot be read')), 0, size, where)
}
