// Content digests, checked before anything is done with them:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
import { createHash } from 'node:crypto'
import { FormatError, type Location } from '../errors.ts'
import { factOf, identified } from './identity.ts'
import { chunkMemory, type ByteSource, type FactKeeper } from './source.ts'

declare const brand: unique symbol

/** `sha256:<64 hex digits>` or `sha512:<128>`, lower case: safe in a path and in a URL. */
export type Digest = string & { readonly [brand]: 'Digest' }
export type DigestAlgorithm = 'sha256' | 'sha512'

const PATTERN = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/
/** The part of a wrong digest that its error repeats. */
const QUOTED_LENGTH = 140

export function isDigest(text: string): text is Digest {
  return PATTERN.test(text)
}

/**
 * FormatError MALFORMED for all that is not a digest. Unchecked text from a manifest once led to other paths and
 * to requests with credentials (CVE-2024-3727).
 */
export function parseDigest(text: string, at?: Location): Digest {
  if (isDigest(text)) return text
  const got = JSON.stringify(text.slice(0, QUOTED_LENGTH))
  throw new FormatError('digest', 'MALFORMED', `expected sha256:<64 hex digits> or sha512:<128>, got ${got}`, { at })
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The hex digits of a digest. */
export function encodedPart(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return makeDigest(algorithm, createHash(algorithm).update(bytes).digest('hex'))
}

/** Digest of a whole source, streamed. */
export async function readDigest(source: ByteSource, algorithm: DigestAlgorithm = 'sha256'): Promise<Digest> {
  const { digest } = source
  if (digest !== undefined && isDigest(digest) && algorithmOf(digest) === algorithm) return digest
  return factOf(source, algorithm, async () => {
    const hash = createHash(algorithm)
    for await (const chunk of source.stream(0, source.size, chunkMemory(source))) hash.update(chunk)
    return makeDigest(algorithm, hash.digest('hex'))
  })
}

/** Says what the digest of `source` is, for who asks about the same bytes by the identity that it has. */
export async function knownDigest(source: ByteSource, digest: Digest): Promise<void> {
  await factOf(source, algorithmOf(digest), () => Promise.resolve(digest))
}

/** `source`, with its digest as its identity where there are facts to share. */
export async function identify(source: ByteSource, facts: FactKeeper | undefined): Promise<ByteSource> {
  if (facts === undefined) return source
  return withDigest(source, await readDigest(source), facts)
}

/** `source`, whose digest is `digest`, with that as its identity. */
export function withDigest(source: ByteSource, digest: Digest, facts: FactKeeper): ByteSource {
  return { ...identified(source, { facts, root: digest, offset: 0 }), digest }
}

/** The bare hex digits that checksum files and provenance use. */
export async function sha256Hex(source: ByteSource): Promise<string> {
  return encodedPart(await readDigest(source))
}

export function makeDigest(algorithm: DigestAlgorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`)
}
