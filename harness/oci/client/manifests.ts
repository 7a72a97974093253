// A manifest or index by tag or digest. What it is called is computed from its bytes; what the registry says is compared.
import { algorithmOf, digestOf, isDigest, type Digest } from '../../bytes/digest.ts'
import { FormatError, IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import * as types from '../image/media-types.ts'
import { MAX_MANIFEST_BYTES } from '../image/schemas.ts'
import { readBody } from './http/body.ts'
import { assertIdentity, type RegistryClient } from './client.ts'
import type { Reply } from './http/transport.ts'
import { redactUrl } from './http/url.ts'

export type FetchedManifest = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  /** The Content-Type of the registry, without parameters; undefined where it gives none. */
  readonly mediaType: string | undefined
  /** The ETag, for a later request on the condition that nothing has changed. */
  readonly etag: string | undefined
}

/** All that may be meant, and whatever else there is: a registry that converts would give other bytes. */
const ACCEPT = [types.OCI_INDEX, types.OCI_MANIFEST, types.DOCKER_INDEX, types.DOCKER_MANIFEST, '*/*;q=0.1'].join(', ')

/**
 * NotFoundError MANIFEST_UNKNOWN; FormatError LIMIT_EXCEEDED; IntegrityError DIGEST_MISMATCH for other bytes than the
 * digest asked for, RegistryError REGISTRY_PROTOCOL for others than Docker-Content-Digest says: each only when a
 * second, clean answer is as wrong.
 */
export async function fetchManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<FetchedManifest> {
  const fetchOnce = (): Promise<FetchedManifest> =>
    client.exchange(
      {
        repository,
        target: `/v2/${repository}/manifests/${reference}`,
        headers: { accept: ACCEPT },
        expect: [200, 404],
      },
      (reply) => readManifest(client, reply, reference),
      signal,
    )
  return fetchOnce().catch((error: unknown) => {
    if (!(error instanceof IntegrityError) && !(error instanceof ClaimError)) throw error
    return fetchOnce()
  })
}

/** The same; undefined where there is no such manifest, or no such repository. */
export async function findManifest(
  client: RegistryClient,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<FetchedManifest | undefined> {
  try {
    return await fetchManifest(client, repository, reference, signal)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** The registry says one thing about its bytes and sends another. */
class ClaimError extends RegistryError {}

async function readManifest(client: RegistryClient, reply: Reply, reference: string): Promise<FetchedManifest> {
  const request = redactUrl(reply.url)
  const at = { path: request }
  if (reply.status === 404) {
    await reply.discard()
    const message = isDigest(reference)
      ? `expected a manifest ${reference}, got none`
      : `expected the tag ${reference}, got no such tag`
    throw new NotFoundError('MANIFEST_UNKNOWN', message, { at })
  }
  assertIdentity(reply)
  const bytes = await readBody(reply, {
    maxBytes: MAX_MANIFEST_BYTES,
    documentMs: client.limits.documentMs,
    tooLong: (maxBytes) =>
      new FormatError('manifest', 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got more`, { at }),
  })
  const digest = digestOf(bytes, isDigest(reference) ? algorithmOf(reference) : 'sha256')
  if (isDigest(reference) && digest !== reference)
    throw new IntegrityError('DIGEST_MISMATCH', `manifest: expected ${reference}, got ${digest}`, {
      at,
      got: digest,
      want: reference,
      bytesRead: bytes.length,
    })
  const [claimed] = reply.headers('docker-content-digest')
  if (claimed !== undefined && !(isDigest(claimed) && digestOf(bytes, algorithmOf(claimed)) === claimed))
    throw new ClaimError(
      'REGISTRY_PROTOCOL',
      `${request}: expected the bytes of its Docker-Content-Digest, got ${digest}`,
      {
        request,
      },
    )
  const [mediaType] = reply.headers('content-type').map((value) => (value.split(';')[0] ?? '').trim().toLowerCase())
  const [etag] = reply.headers('etag')
  return { bytes, digest, mediaType: mediaType === '' ? undefined : mediaType, etag }
}
