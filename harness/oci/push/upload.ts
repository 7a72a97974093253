// One blob's bytes into a registry: in one piece, and after a broken connection only what the registry has not got yet.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
import { algorithmOf, readDigest } from '../../bytes/digest.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Content } from '../../bytes/verified.ts'
import { IntegrityError, RegistryError } from '../../errors.ts'
import { isTemporary, type RegistryClient } from '../client/client.ts'
import { blobDeadline, MAX_FRUITLESS, PROGRESS_BYTES } from '../client/http/limits.ts'
import { BusyError, pause } from '../client/http/retry.ts'
import type { Reply } from '../client/http/transport.ts'
import { isBlobThere, locationOf, withParameter, type PushOptions } from './client.ts'

/**
 * Uploads that the registry may refuse or forget before we believe it: a session may expire, bytes may be damaged once.
 */
const MAX_REFUSED = 2
/** A slow line that takes a piece within `storedMs` is alive. */
const PIECE_BYTES = 64 << 10
/** Statuses of an upload that is lost, while another one may do: damaged, unknown, not to be had in pieces. */
const LOST: ReadonlySet<number> = new Set([400, 404, 405, 501])
/** Statuses of an upload that is at another offset than expected, or has not noticed yet that the line broke. */
const OUT_OF_STEP: ReadonlySet<number> = new Set([409, 416])

type Session = { readonly location: URL; readonly offset: number }

/**
 * Uploads `source`, in the session at `started` where there is one. Errors of `RegistryClient.exchange`; IntegrityError
 * where the bytes of `source` are not those of `content`.
 */
export async function uploadBlob(
  client: RegistryClient,
  repository: string,
  content: Content,
  source: ByteSource,
  { started, signal, onBytes }: PushOptions & { readonly started?: URL | undefined },
): Promise<void> {
  const { retry } = client.limits
  const deadline = blobDeadline(client.limits, content.size)
  let session: Session | undefined = started && { location: started, offset: 0 }
  let [furthest, counted, fruitless, refused] = [0, 0, 0, 0]
  const count = (bytes: number): void => {
    counted += bytes
    onBytes?.(bytes)
  }
  for (;;) {
    try {
      session ??= { location: await startUpload(client, repository, signal), offset: 0 }
      count(session.offset - counted)
      await sendRest(client, repository, content, source, { session, signal, onBytes: count })
      return
    } catch (error) {
      const status = (error instanceof RegistryError && error.status) || 0
      const lost = LOST.has(status)
      if (!lost && !OUT_OF_STEP.has(status) && !isTemporary(error)) throw error
      if (lost && ++refused >= MAX_REFUSED) throw (await damageOf(source, content)) ?? error
      if (performance.now() > deadline) throw error
      const asked = error instanceof BusyError ? error.retryAfterMs : 0
      if (asked > retry.budgetMs) throw error
      // The registry, too, needs a moment to notice that a line broke.
      await pause(Math.max(asked, retry.firstDelayMs * 2 ** fruitless * (0.5 + Math.random() / 2)), signal)
      // The answer may be all that was lost.
      if (await isBlobThere(client, repository, content.digest, signal)) return count(content.size - counted)
      session =
        lost || session === undefined ? undefined : await askSession(client, repository, session, content, signal)
      const reached = session?.offset ?? 0
      fruitless = reached - furthest >= PROGRESS_BYTES ? 0 : fruitless + 1
      furthest = Math.max(furthest, reached)
      if (fruitless > MAX_FRUITLESS) throw error
    }
  }
}

async function startUpload(client: RegistryClient, repository: string, signal?: AbortSignal): Promise<URL> {
  const request = { repository, target: `/v2/${repository}/blobs/uploads/`, method: 'POST', expect: [202] } as const
  return client.exchange(request, discarding(locationOf), signal)
}

/**
 * The whole in the request that ends the upload; a rest as a chunk before it, since not all registries take both in
 * one.
 */
async function sendRest(
  client: RegistryClient,
  repository: string,
  { digest, size }: Content,
  source: ByteSource,
  { session, signal, onBytes }: PushOptions & { readonly session: Session },
): Promise<void> {
  const { offset } = session
  let { location } = session
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(size - offset),
    ...(offset > 0 && { 'content-range': `${offset}-${size - 1}` }),
  }
  const body = { headers, body: () => pieces(source, offset, onBytes), once: true }
  if (offset > 0 && offset < size)
    location = await client.exchange(
      { repository, target: location.href, method: 'PATCH', ...body, expect: [202, 204] },
      discarding(locationOf),
      signal,
    )
  const target = withParameter(location, 'digest', digest).href
  await client.exchange(
    { repository, target, method: 'PUT', ...(offset === 0 ? body : { once: true }), expect: [201, 204] },
    discarding(() => undefined),
    signal,
  )
}

async function* pieces(
  source: ByteSource,
  offset: number,
  onBytes: PushOptions['onBytes'],
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source.stream(offset))
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES)
      yield piece
      onBytes?.(piece.length)
    }
}

/**
 * The received length of an upload; undefined where it must be begun anew. `0-0` says of one byte what it says of none.
 */
async function askSession(
  client: RegistryClient,
  repository: string,
  { location }: Session,
  { size }: Content,
  signal?: AbortSignal,
): Promise<Session | undefined> {
  try {
    return await client.exchange(
      { repository, target: location.href, expect: [200, 204] },
      discarding((reply) => {
        const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(reply.headers('range')[0] ?? '') ?? []
        const offset = Number(last ?? 0) + 1
        if (offset === 1 || offset > size) return undefined
        const moved = reply.headers('location').length > 0
        return { location: moved ? locationOf(reply) : location, offset }
      }),
      signal,
    )
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

function discarding<T>(read: (reply: Reply) => T): (reply: Reply) => Promise<T> {
  return async (reply) => {
    await reply.discard()
    return read(reply)
  }
}

/** The error of a source with wrong bytes; undefined where they are right, and the fault is not ours. */
async function damageOf(source: ByteSource, { digest, size }: Content): Promise<IntegrityError | undefined> {
  const got = await readDigest(source, algorithmOf(digest))
  if (got === digest) return undefined
  return new IntegrityError('DIGEST_MISMATCH', `blob: expected ${digest}, got ${got}`, {
    at: { ...source.where, digest },
    got,
    want: digest,
    bytesRead: size,
  })
}
