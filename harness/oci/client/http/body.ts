// The body of an answer as one piece: bounded in size, and in time as a whole.
import { RegistryError } from '../../../errors.ts'
import type { Reply } from './transport.ts'
import { redactUrl } from './url.ts'

export type BodyLimits = {
  readonly maxBytes: number
  readonly documentMs: number
  /** The error for a body that is too long. */
  readonly tooLong: (maxBytes: number) => Error
}

/** Reads a body and never cuts it: what is longer than `maxBytes` throws, as soon as its header or its bytes say so. */
export async function readBody(reply: Reply, { maxBytes, documentMs, tooLong }: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (Number(reply.headers('content-length')[0] ?? 0) > maxBytes) {
    await reply.discard()
    throw tooLong(maxBytes)
  }
  const end = performance.now() + documentMs
  for await (const chunk of reply.chunks()) {
    size += chunk.length
    if (size > maxBytes) throw tooLong(maxBytes)
    // Each piece came in time by itself, or the transport would have given up.
    if (performance.now() > end) throw tooSlow(reply.url)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooSlow(url: URL): RegistryError {
  const request = redactUrl(url)
  return new RegistryError('REGISTRY_UNAVAILABLE', `${request}: expected a document, got no end of it in time`, {
    request,
  })
}
