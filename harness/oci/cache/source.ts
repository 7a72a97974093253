// A blob that lies in the cache, and knows where what is derived from it is kept.
import type { ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import type { Incoming } from './file.ts'
import type { LayerContent } from '../image/layer.ts'

/** Where the tar and the index of one layer are kept. */
export type LayerShelf = {
  /** Undefined where there is none, or none that is sound. `where` names the layer. */
  find(where: Location): Promise<LayerContent | undefined>
  begin(): Promise<Incoming>
  /** Keeps what was read; `tar` holds the uncompressed bytes, undefined where the layer itself is the tar. */
  keep(content: LayerContent, tar: Incoming | undefined): Promise<void>
}

const SHELF = Symbol('shelf')

/** The same bytes; the whole of it under another name has the shelf too. */
export function withShelf(source: ByteSource, shelf: LayerShelf): ByteSource {
  const shelved = {
    ...source,
    [SHELF]: shelf,
    slice: (offset: number, length: number, where?: Location): ByteSource => {
      const part = source.slice(offset, length, where)
      return offset === 0 && length === source.size ? withShelf(part, shelf) : part
    },
  }
  return shelved
}

export function shelfOf(source: ByteSource): LayerShelf | undefined {
  return (source as { readonly [SHELF]?: LayerShelf })[SHELF]
}
