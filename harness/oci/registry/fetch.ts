// Fetching from one registry into the cache, each answer believed only when a second one says the same.
import type { Budget } from '../../budget.ts'
import type { Digest } from '../../bytes/digest.ts'
import type { Content } from '../../bytes/verified.ts'
import { FormatError, IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import type { Cache } from '../cache/cache.ts'
import { fillBlob, type FillOptions } from '../cache/fill.ts'
import { readBlob } from '../client/blob-reader.ts'
import type { RegistryClient } from '../client/client.ts'
import { fetchManifest } from '../client/manifests.ts'
import { isPresent } from '../client/presence.ts'
import { isDocumentType } from './documents.ts'
import { MAX_LAYER_BYTES } from '../image/layer.ts'
import { isLayer } from '../image/media-types.ts'
import { renderReference, type RegistryReference } from '../image/reference.ts'
import type { Descriptor } from '../image/schemas.ts'

export type FetchOptions = {
  readonly signal?: AbortSignal | undefined
  /** A callback with the number of bytes that came; negative where some must come again. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  readonly onTar?: FillOptions['onTar']
  /** True for a question that a verdict can do without: it is asked with little patience, and its failure is kept. */
  readonly aside?: boolean | undefined
}

/**
 * Fetches what the cache has not, and asks for what it has. Errors as of `RegistryAccess.ensure`; `client` is undefined
 * where there is no network.
 */
export async function ensureCached(
  cache: Cache,
  client: RegistryClient | undefined,
  reference: RegistryReference,
  descriptor: Descriptor,
  { signal, onBytes, onTar, budget }: FetchOptions & { readonly budget?: Budget | undefined },
): Promise<void> {
  const { digest, mediaType, size } = descriptor
  const { repository } = reference
  const at = { path: nameOf(reference), digest }
  if (size > MAX_LAYER_BYTES)
    throw new FormatError('registry', 'LIMIT_EXCEEDED', `expected at most ${MAX_LAYER_BYTES} bytes, got ${size}`, {
      at,
    })
  const isDocument = isDocumentType(mediaType)
  const cached = await cache.find('blobs', digest, at)
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
    await fetchBlob(cache, client, repository, descriptor, { signal, onBytes, onTar, budget })
  }
}

/** Bytes that are wrong are fetched once more, without Range, before anybody says so. */
async function fetchBlob(
  cache: Cache,
  client: RegistryClient,
  repository: string,
  descriptor: Descriptor,
  { signal, onBytes, onTar, budget }: FetchOptions & { readonly budget: Budget | undefined },
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
      await fillBlob(cache, content, counted(), { where, layer: isLayer(descriptor.mediaType), budget, onTar })
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

export function notCached(reference: RegistryReference, digest: Digest): RegistryError {
  return new RegistryError(
    'REGISTRY_UNAVAILABLE',
    `${nameOf(reference)}: expected ${digest} in the cache, got none: judge it once with the network`,
    { at: { digest } },
  )
}

export async function putBytes(cache: Cache, digest: Digest, bytes: Uint8Array): Promise<void> {
  const incoming = await cache.begin()
  try {
    await incoming.write(bytes)
    await cache.keep(incoming, 'blobs', digest)
  } finally {
    await incoming.drop()
    await incoming.close()
  }
}

/** The name as it is resolved: a digest says all, whatever tag is given beside it. */
export function nameOf({ registry, repository, tag = 'latest', digest }: RegistryReference): string {
  return renderReference({ kind: 'registry', registry, repository, ...(digest === undefined ? { tag } : { digest }) })
}
