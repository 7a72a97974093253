// A blob that lies in the cache, and knows where what is derived from it is kept.
import type { ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import type { Incoming } from './file.ts'
import type { LayerContent } from '../image/layer.ts'

/** Where the tar and the index of one layer are kept. */
export type LayerCache = {
  /** Undefined where there is none, or none that is sound. `where` names the layer. */
  find(where: Location): Promise<LayerContent | undefined>
  begin(): Promise<Incoming>
  /** Keeps what was read; `tar` holds the uncompressed bytes, undefined where the layer itself is the tar. */
  keep(content: LayerContent, tar: Incoming | undefined): Promise<void>
}

const LAYER_CACHE = Symbol('layerCache')

/** The same bytes; the whole of it under another name has the layer cache too. */
export function withLayerCache(source: ByteSource, layerCache: LayerCache): ByteSource {
  const shelved = {
    ...source,
    [LAYER_CACHE]: layerCache,
    slice: (offset: number, length: number, where?: Location): ByteSource => {
      const part = source.slice(offset, length, where)
      return offset === 0 && length === source.size ? withLayerCache(part, layerCache) : part
    },
  }
  return shelved
}

export function layerCacheOf(source: ByteSource): LayerCache | undefined {
  return (source as { readonly [LAYER_CACHE]?: LayerCache })[LAYER_CACHE]
}
