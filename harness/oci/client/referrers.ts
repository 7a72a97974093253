// Referrers of an image (signatures, provenance): the referrers API, or the tag that replaces it
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers, #referrers-tag-schema).
import { RegistryError } from '../../errors.ts'
import { encodedPart, algorithmOf, type Digest } from '../../bytes/digest.ts'
import { OCI_INDEX } from '../image/media-types.ts'
import { indexSchema, MAX_MANIFEST_BYTES, parseDocument, type Descriptor } from '../image/schemas.ts'
import type { RegistryClient } from './client.ts'
import { findManifest } from './manifests.ts'
import { readPages } from './pages.ts'
import { redactUrl } from './http/url.ts'

export type Referrers = {
  /** The source of the list: the registry's API, or the tag. */
  readonly source: 'api' | 'tag'
  /**
   * Descriptors, those from the tag without `artifactType`: cosign up to 3.1.1 writes the type of the config there.
   * Its manifest says what an entry is.
   */
  readonly descriptors: readonly Descriptor[]
}

/** 404, 400 and 406 are how registries without the API answer it. */
const ANSWERS = [200, 400, 404, 405, 406] as const

export type ReferrersOptions = { readonly artifactType?: string; readonly signal?: AbortSignal | undefined }

/**
 * Referrers of `artifactType`, where that is given and the source can be trusted with it; none where nothing refers to
 * it.
 */
export async function listReferrers(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  options: ReferrersOptions = {},
): Promise<Referrers> {
  const descriptors = await askReferrers(client, repository, digest, options).catch((error: unknown) => {
    if (error instanceof PageError) return undefined
    throw error
  })
  if (descriptors !== undefined) return { source: 'api', descriptors }
  return { source: 'tag', descriptors: await readFallback(client, repository, digest, options.signal) }
}

/**
 * Asks the API alone; undefined where the registry has none. RegistryError REGISTRY_PROTOCOL also for a page in HTML.
 */
export async function askReferrers(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  { artifactType, signal }: ReferrersOptions = {},
): Promise<readonly Descriptor[] | undefined> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const request = {
    repository,
    target: `/v2/${repository}/referrers/${digest}${query}`,
    accept: OCI_INDEX,
    expect: ANSWERS,
    maxBytes: MAX_MANIFEST_BYTES,
    signal,
  }
  const found = new Map<string, Descriptor>()
  for await (const { bytes, reply } of readPages(client, request)) {
    const [type = ''] = reply.headers('content-type')
    const [plainType = ''] = type.toLowerCase().split(';')
    if (reply.status === 200 && plainType.trim() === 'text/html') throw pageForPeople(reply.url)
    if (reply.status !== 200 || plainType.trim() !== OCI_INDEX) return undefined
    const { manifests } = parseDocument(bytes, indexSchema, 'referrers', { path: redactUrl(reply.url) })
    for (const descriptor of manifests) found.set(descriptor.digest, descriptor)
  }
  // The filter is the registry's to apply or not.
  return [...found.values()].filter((one) => artifactType === undefined || one.artifactType === artifactType)
}

/** A portal or a proxy answers so, in front of a registry that may have the API. */
class PageError extends RegistryError {}

function pageForPeople(url: URL): PageError {
  const request = redactUrl(url)
  return new PageError('REGISTRY_PROTOCOL', `${request}: expected a list of referrers, got a page in HTML`, {
    request,
  })
}

/** `sha256-<hex>` */
export function fallbackTag(digest: Digest): string {
  return `${algorithmOf(digest)}-${encodedPart(digest).slice(0, 64)}`
}

async function readFallback(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest)
  const found = await findManifest(client, repository, tag, signal)
  if (found === undefined) return []
  const { manifests } = parseDocument(found.bytes, indexSchema, 'referrers', {
    path: `${client.registry}/${repository}:${tag}`,
  })
  return manifests.map((descriptor) => ({ ...descriptor, artifactType: undefined }))
}
