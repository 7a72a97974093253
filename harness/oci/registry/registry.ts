// A registry as a store: the reference is resolved once, everything else is read by digest from the cache.
import { makeSource, type ByteSource } from '../../bytes/source.ts'
import { lazy } from '../../lazy.ts'
import { layerCache } from '../cache/layers.ts'
import { renderReference, type RegistryReference } from '../image/reference.ts'
import { MAX_CONFIG_BYTES, type Descriptor } from '../image/schemas.ts'
import type { RegistryAccess } from './access.ts'
import { notCached } from './fetch.ts'
import type { ContentStore } from '../store.ts'

/** Errors are those of `RegistryAccess`. */
export function registryStore(reference: RegistryReference, access: RegistryAccess): ContentStore {
  const name = renderReference(reference)
  const opened = new Map<string, Promise<ByteSource>>()
  /** Digests of the blobs that were opened from the cache. */
  const cached = new Set<string>()
  const closers: (() => Promise<void>)[] = []
  let closed = false
  // A file that is still being opened when the store is closed is closed as soon as it is open.
  const onOpen = (close: () => Promise<void>): void => {
    if (closed) void close()
    else closers.push(close)
  }
  let root: Promise<Descriptor> | undefined

  const openCached = async (descriptor: Descriptor): Promise<ByteSource | undefined> => {
    const found = await access.find(reference, descriptor)
    if (found === undefined) return undefined
    onOpen(found.close)
    const source = found.source.slice(0, found.source.size, { path: name, digest: descriptor.digest })
    cached.add(descriptor.digest)
    return source
  }
  const openNow = async (descriptor: Descriptor): Promise<ByteSource> => {
    await access.ensure(reference, descriptor)
    const source = await openCached(descriptor)
    // Somebody may have pruned it in between.
    if (source === undefined) throw notCached(reference, descriptor.digest)
    return source
  }
  const open = async (descriptor: Descriptor): Promise<ByteSource> => {
    const { digest, size } = descriptor
    if (size <= MAX_CONFIG_BYTES) return openNow(descriptor)
    const found = await openCached(descriptor)
    if (found !== undefined) {
      await access.ensure(reference, descriptor)
      return found
    }
    // A big blob is fetched when its first byte is read: a config that claims gigabytes is refused by its reader.
    const later = lazy(() => openNow(descriptor))
    return makeSource(async (offset, length) => (await later()).read(offset, length), 0, size, { path: name, digest })
  }
  return {
    name,
    resolve(signal) {
      root ??= access.resolve(reference, { signal })
      return root
    },
    open(descriptor) {
      const known = opened.get(descriptor.digest) ?? open(descriptor)
      opened.set(descriptor.digest, known)
      return known
    },
    layerCache: ({ digest }) => (cached.has(digest) ? layerCache(access.cache, digest, onOpen) : undefined),
    async close() {
      closed = true
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
}
