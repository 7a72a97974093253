// Manifests that refer to another one: listed by the registry, or by us in the tag that replaces its list.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
import { digestOf } from '../../bytes/digest.ts'
import { RegistryError } from '../../errors.ts'
import type { RegistryClient } from '../client/client.ts'
import { findManifest, type FetchedManifest } from '../client/manifests.ts'
import { fallbackTag, listReferrers } from '../client/referrers.ts'
import { readDocument } from '../image/document.ts'
import { bytesSource } from '../../bytes/source.ts'
import { OCI_INDEX } from '../image/media-types.ts'
import { pushManifest, type ManifestToPush } from './manifest.ts'
import type { Descriptor } from '../image/schemas.ts'

export type ReferrerToPush = ManifestToPush & {
  readonly subject: Descriptor
  readonly artifactType?: string | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** The number of times that another client may write the list while we do. */
const MAX_RACES = 5

/**
 * Pushes a manifest whose blobs are there. Two at once for one subject may lose each other's entry where the registry
 * checks no conditions: one after the other, please. Errors of `pushManifest` and `fetchManifest`.
 */
export async function pushReferrer(
  client: RegistryClient,
  repository: string,
  referrer: ReferrerToPush,
  signal?: AbortSignal,
): Promise<'api' | 'tag'> {
  const { subject } = await pushManifest(client, repository, referrer, referrer.digest, { signal })
  if (subject !== undefined && (await hasList(client, repository, referrer, signal))) return 'api'
  for (let races = 0; races < MAX_RACES; races++) if (await addToTag(client, repository, referrer, signal)) return 'tag'
  const request = `${client.registry}/${repository}:${fallbackTag(referrer.subject.digest)}`
  throw new RegistryError('REGISTRY_UNAVAILABLE', `${request}: expected to write it alone, got ${MAX_RACES} others`, {
    request,
    temporary: true,
  })
}

/** Some say that they listed it and have no list (AWS ECR). */
async function hasList(
  client: RegistryClient,
  repository: string,
  { subject, digest }: ReferrerToPush,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { source, descriptors } = await listReferrers(client, repository, subject.digest, signal && { signal })
  return source === 'api' && descriptors.some((one) => one.digest === digest)
}

/** False where somebody changed the list between our reading and our writing. */
async function addToTag(
  client: RegistryClient,
  repository: string,
  referrer: ReferrerToPush,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const tag = fallbackTag(referrer.subject.digest)
  const before = await findManifest(client, repository, tag, signal)
  const listed = before === undefined ? [] : await entriesOf(before, `${client.registry}/${repository}:${tag}`)
  if (listed.some(({ digest }) => digest === referrer.digest)) return true
  const { mediaType, digest, bytes: own, artifactType, annotations } = referrer
  const entry = {
    mediaType,
    digest,
    size: own.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && Object.keys(annotations).length > 0 && { annotations }),
  }
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, entry] }
  const bytes = Buffer.from(JSON.stringify(index))
  const manifest = { bytes, mediaType: OCI_INDEX, digest: digestOf(bytes) }
  return (
    await pushManifest(client, repository, manifest, tag, {
      signal,
      ifMatch: before === undefined ? null : before.etag,
    })
  ).written
}

/** A manifest under this tag, in place of a list, is the only entry of one. */
async function entriesOf({ bytes, digest, mediaType }: FetchedManifest, path: string): Promise<readonly Descriptor[]> {
  const descriptor = { mediaType: mediaType ?? OCI_INDEX, digest, size: bytes.length }
  const read = await readDocument(bytesSource(bytes, { path, digest }), descriptor)
  if (read.kind === 'index') return read.document.manifests
  const { artifactType, annotations } = read.document
  return [{ ...descriptor, ...(artifactType && { artifactType }), ...(annotations && { annotations }) }]
}
