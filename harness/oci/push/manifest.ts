// Manifests under a tag or their digest, byte for byte as they were hashed:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
import { digestOf, isDigest, type Digest } from '../../bytes/digest.ts'
import { FormatError, RegistryError } from '../../errors.ts'
import type { RegistryClient } from '../client/client.ts'
import { findManifest } from '../client/manifests.ts'
import { redactUrl } from '../client/http/url.ts'
import { MAX_MANIFEST_BYTES } from '../image/schemas.ts'

export type ManifestToPush = { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest }

export type PutOptions = {
  readonly signal?: AbortSignal | undefined
  /** The ETag that the tag had when it was read, null for a tag that was not there; otherwise now, nothing is written. */
  readonly ifMatch?: string | null | undefined
}

export type PutOutcome = {
  /** False where `ifMatch` did not hold; registries that know no conditions write whatever is there. */
  readonly written: boolean
  /** OCI-Subject: the registry lists it among the referrers of this digest. */
  readonly subject: Digest | undefined
}

function conditionOf(ifMatch: string | null | undefined): Readonly<Record<string, string>> {
  if (ifMatch === undefined) return {}
  return ifMatch === null ? { 'if-none-match': '*' } : { 'if-match': ifMatch }
}

/**
 * Errors of `RegistryClient.exchange`; FormatError LIMIT_EXCEEDED above 4 MiB; RegistryError REGISTRY_PROTOCOL where
 * the registry made something else of it.
 */
export async function pushManifest(
  client: RegistryClient,
  repository: string,
  { bytes, mediaType, digest }: ManifestToPush,
  reference: string,
  { signal, ifMatch }: PutOptions = {},
): Promise<PutOutcome> {
  const at = { path: `${client.registry}/${repository}`, digest }
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw new FormatError('manifest', 'LIMIT_EXCEEDED', `expected at most ${MAX_MANIFEST_BYTES} bytes`, { at })
  return client.exchange(
    {
      repository,
      target: `/v2/${repository}/manifests/${reference}`,
      method: 'PUT',
      headers: { 'content-type': mediaType, ...conditionOf(ifMatch) },
      body: bytes,
      expect: ifMatch === undefined ? [200, 201, 202] : [200, 201, 202, 412],
    },
    async (reply) => {
      await reply.discard()
      if (reply.status === 412) return { written: false, subject: undefined }
      const [named] = reply.headers('docker-content-digest')
      if (named !== undefined && named !== digest && named !== digestOf(bytes)) {
        const request = redactUrl(reply.url)
        throw new RegistryError('REGISTRY_PROTOCOL', `${request}: expected ${digest} to be kept, got ${named}`, {
          request,
        })
      }
      const [subject = ''] = reply.headers('oci-subject')
      return { written: true, subject: isDigest(subject) ? subject : undefined }
    },
    signal,
  )
}

/** The digest that a tag names; undefined where there is no such tag, or no such repository. */
export async function resolveTag(
  client: RegistryClient,
  repository: string,
  tag: string,
  signal?: AbortSignal,
): Promise<Digest | undefined> {
  return (await findManifest(client, repository, tag, signal))?.digest
}
