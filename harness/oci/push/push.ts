// Blobs into a repository: what is there is left alone, what another repository of the registry has is mounted, the rest
// is uploaded. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
import type { Digest } from '../../bytes/digest.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Content } from '../../bytes/verified.ts'
import { HarnessError, IntegrityError } from '../../errors.ts'
import type { RegistryClient } from '../client/client.ts'
import { settleInParallel } from '../parallel.ts'
import { isBlobThere, locationOf, scopeOf, type PushOptions } from './client.ts'
import { uploadBlob } from './upload.ts'

export type BlobToPush = Content & {
  /** Its bytes, from wherever they are; asked for only where they must go. */
  readonly open: () => Promise<ByteSource>
}
export type BlobOutcome = 'present' | 'mounted' | 'uploaded'

export type PushBlobOptions = PushOptions & {
  /** A repository of the same registry that has the blob. */
  readonly from?: string | undefined
}

/** A registry may have hundreds of clients: more at once only make each slower. */
const AT_ONCE = 3

/**
 * Each blob once, a few at a time; outcomes in order. The first failure ends the others, and is thrown when they have
 * ended. Errors of `RegistryClient.exchange`; IntegrityError for bytes that are not what their digest says.
 */
export async function pushBlobs(
  client: RegistryClient,
  repository: string,
  blobs: readonly (BlobToPush & { readonly from?: string | undefined })[],
  { signal, onBytes }: PushOptions = {},
): Promise<readonly BlobOutcome[]> {
  const ending = new AbortController()
  const signals = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  const outcomes = new Map<Digest, BlobOutcome>()
  await settleInParallel(
    [...new Map(blobs.map((blob) => [blob.digest, blob])).values()],
    async (blob) => {
      try {
        const options = { from: blob.from, signal: signals, onBytes }
        outcomes.set(blob.digest, await pushBlob(client, repository, blob, options))
      } catch (error) {
        ending.abort(error)
        throw error
      }
    },
    AT_ONCE,
  )
  return blobs.map(({ digest }) => outcomes.get(digest) ?? 'present')
}

export async function pushBlob(
  client: RegistryClient,
  repository: string,
  blob: BlobToPush,
  { from, signal, onBytes }: PushBlobOptions = {},
): Promise<BlobOutcome> {
  const { digest, size } = blob
  if (await isBlobThere(client, repository, digest, signal)) {
    onBytes?.(size)
    return 'present'
  }
  const mounted = from === undefined ? undefined : await mount(client, repository, digest, from, signal)
  if (mounted === true) {
    onBytes?.(size)
    return 'mounted'
  }
  const source = await blob.open()
  if (source.size !== size)
    throw new IntegrityError('SIZE_MISMATCH', `blob: expected ${size} bytes, got ${source.size}`, {
      at: { ...source.where, digest },
      got: source.size,
      want: size,
      bytesRead: 0,
    })
  await uploadBlob(client, repository, { digest, size }, source, { started: mounted, signal, onBytes })
  return 'uploaded'
}

/**
 * Mounts a blob: true where that is done; the upload that the registry began in its place, where it did. With a token
 * of its own, since who may push here may not be allowed to pull there; whatever fails about it, an ordinary upload may
 * do.
 */
async function mount(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  from: string,
  signal: AbortSignal | undefined,
): Promise<true | URL | undefined> {
  const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`
  try {
    return await client.exchange(
      {
        repository,
        target: `/v2/${repository}/blobs/uploads/?${query}`,
        method: 'POST',
        scopes: [scopeOf(repository, 'pull,push'), scopeOf(from, 'pull')],
        once: true,
        expect: [201, 202],
      },
      async (reply) => {
        await reply.discard()
        return reply.status === 201 ? true : locationOf(reply)
      },
      signal,
    )
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}
