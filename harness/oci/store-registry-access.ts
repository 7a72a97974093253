// Registries through the cache: each name resolved once, each blob fetched once however many ask for it.
import type { Digest } from '../bytes/digest.ts'
import type { Content } from '../bytes/verified.ts'
import { FormatError, IntegrityError, NotFoundError, RegistryError } from '../errors.ts'
import type { Cache, CachedFile } from './cache.ts'
import { fillBlob } from './cache-fill.ts'
import { recallName, rememberName } from './cache-names.ts'
import { readBlob } from './client/blob-reader.ts'
import { openRegistryClient, type ClientOptions, type RegistryClient } from './client/http.ts'
import { fetchManifest } from './client/manifests.ts'
import { isPresent } from './client/presence.ts'
import { documentType, isDocumentType } from './store-registry-documents.ts'
import { MAX_LAYER_BYTES } from './layer.ts'
import { isLayer } from './media-types.ts'
import { renderReference, type RegistryReference } from './reference.ts'
import type { Descriptor } from './schemas.ts'
import { fromFailure, toFailure, type BlobFailure, type BlobFailures } from './store-registry-failure.ts'

export type AccessOptions = {
  readonly cache: Cache
  /** How registries are reached; absent where only the cache may be read. */
  readonly network?: ClientOptions
  /** What another access, which had a network, found wrong. */
  readonly failures?: BlobFailures
  /** Told when a tag is taken from the cache. */
  readonly notify?: (message: string) => void
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal
}

export type FetchOptions = {
  readonly signal?: AbortSignal | undefined
  /** Told of the bytes that came; negative where some must come again. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

export interface RegistryAccess {
  readonly cache: Cache
  /**
   * Asked once for each name, whoever asks again. Errors of `fetchManifest`; RegistryError REGISTRY_UNAVAILABLE for what
   * only the network knows, and there is none.
   */
  resolve(reference: RegistryReference, signal?: AbortSignal): Promise<Descriptor>
  /**
   * Sees to it that the registry has the blob and that it lies in the cache. Errors of `readBlob` and `fetchManifest`;
   * FormatError LIMIT_EXCEEDED; RegistryError REGISTRY_UNAVAILABLE where it is not in the cache and there is no network.
   */
  ensure(reference: RegistryReference, descriptor: Descriptor, options?: FetchOptions): Promise<void>
  /** The blob, where it lies in the cache. */
  find(reference: RegistryReference, descriptor: Descriptor): Promise<CachedFile | undefined>
  /** What was found wrong so far, for an access without network. */
  failures(): BlobFailures
  close(): Promise<void>
}

export function openRegistryAccess(options: AccessOptions): RegistryAccess {
  const { cache, network, notify } = options
  const clients = new Map<string, RegistryClient>()
  const failures = new Map<string, BlobFailure>(Object.entries(options.failures ?? {}))
  const ensured = new Set<string>()
  const flights = new Map<Digest, Promise<void>>()
  const resolved = new Map<string, Promise<Descriptor>>()

  const clientOf = ({ registry }: RegistryReference, clientOptions: ClientOptions): RegistryClient => {
    const client = clients.get(registry) ?? openRegistryClient(registry, clientOptions)
    clients.set(registry, client)
    return client
  }

  const resolveNow = async (reference: RegistryReference, signal: AbortSignal | undefined): Promise<Descriptor> => {
    if (network === undefined) return recall(access, reference, notify)
    const client = clientOf(reference, network)
    const { digest: asked, tag = 'latest', repository } = reference
    const manifest = await fetchManifest(client, repository, asked ?? tag, signal).catch(async (error: unknown) => {
      // Without the network it is known then that there is none, such as no asset image beside an installer.
      if (error instanceof NotFoundError) await rememberName(cache, nameOf(reference), null)
      throw error
    })
    const { bytes, digest } = manifest
    const descriptor = { mediaType: documentType(manifest.mediaType, bytes), digest, size: bytes.length }
    await putBytes(cache, digest, bytes)
    const pinned = nameOf({ ...reference, digest })
    for (const name of new Set([nameOf(reference), pinned])) await rememberName(cache, name, descriptor)
    resolved.set(pinned, Promise.resolve(descriptor))
    ensured.add(keyOf(reference, digest))
    return descriptor
  }

  const access: RegistryAccess = {
    cache,
    resolve(reference, signal = options.signal) {
      const name = nameOf(reference)
      const root = resolved.get(name) ?? resolveNow(reference, signal)
      resolved.set(name, root)
      return root
    },
    async ensure(reference, descriptor, fetchOptions = {}) {
      const { digest } = descriptor
      const key = keyOf(reference, digest)
      // Of those who wait for one blob the first fetches it; the others look again when it is done.
      for (let flying = flights.get(digest); flying !== undefined; flying = flights.get(digest))
        await flying.catch(() => undefined)
      const failure = failures.get(key)
      if (failure !== undefined) throw fromFailure(failure)
      if (ensured.has(key)) return
      const client = network && clientOf(reference, network)
      const flight = ensureNow(access, client, reference, descriptor, { signal: options.signal, ...fetchOptions })
      flights.set(digest, flight)
      try {
        await flight
        ensured.add(key)
      } catch (error) {
        const found = toFailure(error)
        if (found !== undefined) failures.set(key, found)
        throw error
      } finally {
        flights.delete(digest)
      }
    },
    find: (reference, { digest }) => cache.find('blobs', digest, { path: nameOf(reference), digest }),
    failures: () => Object.fromEntries(failures),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
  return access
}

async function ensureNow(
  access: RegistryAccess,
  client: RegistryClient | undefined,
  reference: RegistryReference,
  descriptor: Descriptor,
  { signal, onBytes }: FetchOptions,
): Promise<void> {
  const { cache } = access
  const { digest, mediaType, size } = descriptor
  const { repository } = reference
  const at = { path: nameOf(reference), digest }
  if (size > MAX_LAYER_BYTES)
    throw new FormatError('registry', 'LIMIT_EXCEEDED', `expected at most ${MAX_LAYER_BYTES} bytes, got ${size}`, {
      at,
    })
  const isDocument = isDocumentType(mediaType)
  const cached = await access.find(reference, descriptor)
  await cached?.close()
  if (client === undefined) {
    if (cached === undefined) throw notCached(reference, digest)
  } else if (cached !== undefined) {
    const kind = isDocument ? 'manifests' : 'blobs'
    if (await isPresent(client, repository, { kind, digest }, signal)) return
    throw new NotFoundError(
      isDocument ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN',
      `expected ${isDocument ? 'a manifest' : 'a blob'} ${digest}, got none`,
      { at },
    )
  } else if (isDocument) {
    const { bytes } = await fetchManifest(client, repository, digest, signal)
    await putBytes(cache, digest, bytes)
  } else {
    await fetchBlob(cache, client, repository, descriptor, { signal, onBytes })
  }
}

/** Bytes that are wrong are fetched once more, without Range, before anybody says so. */
async function fetchBlob(
  cache: Cache,
  client: RegistryClient,
  repository: string,
  descriptor: Descriptor,
  { signal, onBytes }: FetchOptions,
): Promise<void> {
  const content: Content = { digest: descriptor.digest, size: descriptor.size }
  const where = { path: `${client.registry}/${repository}`, digest: descriptor.digest }
  const fetchOnce = async (ranges: boolean): Promise<void> => {
    let received = 0
    async function* counted(): AsyncGenerator<Uint8Array, void, void> {
      for await (const chunk of readBlob(client, repository, content, { signal, ranges })) {
        received += chunk.length
        onBytes?.(chunk.length)
        yield chunk
      }
    }
    try {
      await fillBlob(cache, content, counted(), { where, layer: isLayer(descriptor.mediaType) })
    } catch (error) {
      onBytes?.(-received)
      throw error
    }
  }
  try {
    await fetchOnce(true)
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error
    await fetchOnce(false)
  }
}

async function recall(
  { cache, find }: RegistryAccess,
  reference: RegistryReference,
  notify: ((message: string) => void) | undefined,
): Promise<Descriptor> {
  const name = nameOf(reference)
  const known = await recallName(cache, name)
  if (known === undefined)
    throw new RegistryError(
      'REGISTRY_UNAVAILABLE',
      'expected a name that was resolved here before, got a new one: judge it once with the network, or give a digest',
      { at: { path: name } },
    )
  if (known.descriptor === null)
    throw new NotFoundError('MANIFEST_UNKNOWN', `expected a manifest, got none at ${known.resolved}`, {
      at: { path: name },
    })
  if (reference.digest === undefined)
    notify?.(`${name} is taken for ${known.descriptor.digest}, which it was at ${known.resolved}`)
  const cached = await find(reference, known.descriptor)
  if (cached === undefined) throw notCached(reference, known.descriptor.digest)
  await cached.close()
  return known.descriptor
}

export function notCached(reference: RegistryReference, digest: Digest): RegistryError {
  return new RegistryError(
    'REGISTRY_UNAVAILABLE',
    `${nameOf(reference)}: expected ${digest} in the cache, got none: judge it once with the network`,
    { at: { digest } },
  )
}

async function putBytes(cache: Cache, digest: Digest, bytes: Uint8Array): Promise<void> {
  const incoming = await cache.begin()
  try {
    await incoming.write(bytes)
    await cache.keep(incoming, 'blobs', digest)
  } finally {
    await incoming.drop()
    await incoming.close()
  }
}

/** As it is resolved: a digest says all, whatever tag stands beside it. */
function nameOf({ registry, repository, tag = 'latest', digest }: RegistryReference): string {
  return renderReference({ kind: 'registry', registry, repository, ...(digest === undefined ? { tag } : { digest }) })
}

function keyOf({ registry, repository }: RegistryReference, digest: Digest): string {
  return `${registry}/${repository}@${digest}`
}
