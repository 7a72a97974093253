// A blob, streamed: taken up again where it broke off, its digest continued over every piece.
import { CHUNK_SIZE, freeChunk } from '../../bytes/source.ts'
import { verifiedChunks, type Content } from '../../bytes/verified.ts'
import { IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import { assertIdentity, isTemporary, type RegistryClient, type RegistryRequest } from './client.ts'
import { blobDeadline, MAX_FRUITLESS, PROGRESS_BYTES } from './http/limits.ts'
import { pause } from './http/retry.ts'
import type { Reply } from './http/transport.ts'
import { redactUrl } from './http/url.ts'

export type BlobOptions = {
  readonly signal?: AbortSignal | undefined
  /** True if a broken blob may be taken up by Range; otherwise from its start, with what is known left out. */
  readonly ranges?: boolean
}

/**
 * The bytes of a blob in chunks of 1 MiB, each of which holds until the next is asked for. Errors of
 * `RegistryClient.exchange`; NotFoundError BLOB_UNKNOWN; IntegrityError before the end is reported. Every connection
 * begins at the registry: what it redirected to has expired.
 */
export function readBlob(
  client: RegistryClient,
  repository: string,
  content: Content,
  options: BlobOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const at = { path: `${client.registry}/${repository}`, digest: content.digest }
  return verifiedChunks(inPieces(resumed(client, repository, content, options), content.size), content, at)
}

async function* resumed(
  client: RegistryClient,
  repository: string,
  content: Content,
  { signal, ranges = true }: BlobOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { retry } = client.limits
  const deadline = blobDeadline(client.limits, content.size)
  let useRange = ranges
  let offset = 0
  let fruitless = 0
  for (;;) {
    const before = offset
    const { reply, start } = await open(client, repository, content, useRange ? offset : 0, signal)
    // The Range was refused or answered wrongly: the whole blob is requested, and its known part passed over.
    if (start === undefined) useRange = false
    else {
      const failure: { error?: unknown } = {}
      yield* after(reply, offset - start, { deadline, advance: (bytes) => (offset += bytes) }, failure)
      if (offset >= content.size) return
      // A trickle never stalls; without this it would be followed for years.
      if (performance.now() > deadline) throw tooSlow(reply, content, offset)
      if (failure.error !== undefined && !isTemporary(failure.error)) throw failure.error
      fruitless = offset - before >= PROGRESS_BYTES ? 0 : fruitless + 1
      if (fruitless > MAX_FRUITLESS) throw failure.error ?? brokenOff(reply, content, offset)
    }
    await pause(retry.firstDelayMs * 2 ** fruitless * (0.5 + Math.random() / 2), signal)
  }
}

/**
 * The chunks of a body behind its first `skip` bytes; how it ended goes to `failure`, since the bytes so far are good.
 */
async function* after(
  reply: Reply,
  skip: number,
  { deadline, advance }: { readonly deadline: number; readonly advance: (bytes: number) => void },
  failure: { error?: unknown },
): AsyncGenerator<Uint8Array, void, void> {
  let left = skip
  const chunks = reply.chunks()
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      return (await chunks.next()).value ?? undefined
    } catch (error) {
      failure.error = error
      return undefined
    }
  }
  try {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
      const known = Math.min(left, chunk.length)
      left -= known
      if (known === chunk.length) continue
      advance(chunk.length - known)
      yield chunk.subarray(known)
      if (performance.now() > deadline) return
    }
  } finally {
    await chunks.return()
  }
}

type Opened = { readonly reply: Reply; readonly start: number | undefined }

/** `start` is where in the blob the body begins; undefined where a Range was asked for and cannot be used. */
async function open(
  client: RegistryClient,
  repository: string,
  content: Content,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const { digest } = content
  const request: RegistryRequest = {
    repository,
    target: `/v2/${repository}/blobs/${digest}`,
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    expect: offset === 0 ? [200, 404] : [200, 206, 404, 416],
  }
  const examine = async (reply: Reply): Promise<Opened> => {
    if (reply.status === 404) {
      await reply.discard()
      throw new NotFoundError('BLOB_UNKNOWN', `expected a blob ${digest}, got none`, {
        at: { path: redactUrl(reply.url), digest },
      })
    }
    assertIdentity(reply)
    if (reply.status === 200) {
      await checkLength(reply, content)
      return { reply, start: 0 }
    }
    const [range = ''] = reply.headers('content-range')
    if (reply.status === 206 && isRest(range, offset, content.size)) return { reply, start: offset }
    await reply.discard()
    return { reply, start: undefined }
  }
  return client.exchange(request, examine, signal)
}

/** The size of the whole blob; refused before a byte is read. */
async function checkLength(reply: Reply, { digest, size }: Content): Promise<void> {
  const [header] = reply.headers('content-length')
  if (header === undefined || Number(header) === size) return
  await reply.discard()
  throw new IntegrityError('SIZE_MISMATCH', `content: expected ${size} bytes, got a Content-Length of ${header}`, {
    at: { path: redactUrl(reply.url), digest },
    got: Number(header),
    want: size,
    bytesRead: 0,
  })
}

/** `bytes 100-199/200`, from `offset` to the end of `size` bytes, and nothing else. */
function isRest(header: string, offset: number, size: number): boolean {
  const [, first, last, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(header) ?? []
  return Number(first) === offset && Number(last) === size - 1 && (total === '*' || Number(total) === size)
}

function brokenOff(reply: Reply, { digest, size }: Content, offset: number): RegistryError {
  const request = redactUrl(reply.url)
  return new RegistryError('REGISTRY_UNAVAILABLE', `${request}: expected ${size} bytes, got ${offset} and no more`, {
    at: { digest, offset },
    request,
    temporary: true,
  })
}

function tooSlow(reply: Reply, { digest, size }: Content, offset: number): RegistryError {
  const request = redactUrl(reply.url)
  const message = `${request}: expected ${size} bytes in reasonable time, got ${offset} so far`
  return new RegistryError('REGISTRY_UNAVAILABLE', message, { at: { digest, offset }, request })
}

/** Bigger pieces: hashing and decompression cost by the piece as well. Each holds until the next is asked for. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void, void> {
  // A byte where there is to be none is for the caller to see.
  const piece = Buffer.allocUnsafeSlow(Math.min(Math.max(size, 1), CHUNK_SIZE))
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + piece.length - filled)
      piece.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < piece.length) continue
      yield piece
      filled = 0
    }
    freeChunk(chunk)
  }
  if (filled > 0) yield piece.subarray(0, filled)
}
