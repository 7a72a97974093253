// The trust root that signatures are verified against: the authorities and logs of a Sigstore instance
// (https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_trustroot.proto).
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify'
import { z } from 'zod'
import { VerificationError, type Location } from '../errors.ts'
import { checkShape, parseJson } from '../oci/image/schemas.ts'

/** Immutable. */
export type Trust = {
  /** The origin of the root, for a person. */
  readonly name: string
  readonly root: TrustedRoot
  /** The same as the verifier wants it, without keys. */
  readonly material: TrustMaterial
}

export type RefreshOptions = {
  /** The folder that TUF keeps its metadata in; made where it is not. */
  readonly folder: string
  /** Another instance, with `rootPath`, the root.json to start from. */
  readonly mirrorUrl?: string
  readonly rootPath?: string
}

const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev'
const MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
]
/** The public good instance has 7 KiB, and two of each. */
const MAX_BYTES = 1 << 20
const MAX_INSTANCES = 64
const MAX_CERTIFICATES = 10

/** An end is where there is one. A start that is missing would be the beginning of time: a key is never that old. */
const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'expected a time of RFC 3339')
const validFor = z.looseObject({ start: time, end: time.nullish() })
const authority = z.looseObject({
  certChain: z.looseObject({
    certificates: z
      .array(z.looseObject({ rawBytes: z.string() }))
      .min(1)
      .max(MAX_CERTIFICATES),
  }),
  validFor,
})
const log = z.looseObject({
  baseUrl: z.string(),
  publicKey: z.looseObject({ rawBytes: z.string(), keyDetails: z.string(), validFor }),
  logId: z.looseObject({ keyId: z.string() }),
})
const instances = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_INSTANCES).nullish()
const rootSchema = z.looseObject({
  mediaType: z.string(),
  tlogs: instances(log),
  ctlogs: instances(log),
  certificateAuthorities: instances(authority),
  timestampAuthorities: instances(authority),
})

/**
 * A trusted_root.json. FormatError `trusted root` MALFORMED for what is no JSON, LIMIT_EXCEEDED above 1 MiB;
 * SchemaError; VerificationError TRUST_ROOT for a version that we do not know, and for keys and certificates that
 * cannot be read.
 */
export function parseTrustedRoot(bytes: Uint8Array, path: string): Trust {
  return toTrust(parseJson(bytes, 'trusted root', { path }, { maxBytes: MAX_BYTES }), path, { path })
}

/** The trusted root of the public good instance, as the package @sigstore/tuf carries it. Needs no network. */
export async function embeddedTrust(): Promise<Trust> {
  const { default: seeds } = await import('@sigstore/tuf/seeds.json', { with: { type: 'json' } })
  const encoded = seeds[PUBLIC_GOOD].targets['trusted_root.json']
  return parseTrustedRoot(Buffer.from(encoded, 'base64'), 'trusted_root.json of @sigstore/tuf')
}

/**
 * The newest, by TUF: what is known of it is kept in the folder. VerificationError TRUST_ROOT where it cannot be had.
 */
export async function refreshTrust({ folder, mirrorUrl = PUBLIC_GOOD, rootPath }: RefreshOptions): Promise<Trust> {
  let root: unknown
  try {
    // Only here: it brings an HTTP client of its own.
    const { getTrustedRoot } = await import('@sigstore/tuf')
    root = TrustedRoot.toJSON(
      await getTrustedRoot({ cachePath: folder, mirrorURL: mirrorUrl, ...(rootPath !== undefined && { rootPath }) }),
    )
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new VerificationError('TRUST_ROOT', `expected a trusted root from ${mirrorUrl}: ${reason}`, { cause })
  }
  return toTrust(root, `trusted_root.json of ${mirrorUrl}`, { path: mirrorUrl })
}

function toTrust(value: unknown, name: string, where: Location): Trust {
  const { mediaType } = checkShape(value, rootSchema, 'trusted root', where)
  if (!MEDIA_TYPES.includes(mediaType))
    throw new VerificationError('TRUST_ROOT', `expected a trusted root of version 0.1 or 0.2, got ${mediaType}`, {
      at: { ...where, pointer: '/mediaType' },
    })
  try {
    const root = TrustedRoot.fromJSON(value)
    const material = toTrustMaterial(root, noKey)
    for (const { certChain } of [...material.certificateAuthorities, ...material.timestampAuthorities])
      for (const { root: asn1 } of certChain) keepEncoded(asn1)
    return { name, root, material }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new VerificationError('TRUST_ROOT', `expected certificates and keys that can be read: ${reason}`, {
      at: where,
      cause,
    })
  }
}

/** The library (@sigstore/verify 4.1.3) encodes both certificates again, byte by byte, for every comparison of two. */
function keepEncoded(asn1: { toDER(): Buffer }): void {
  const der = asn1.toDER()
  asn1.toDER = () => der
}

function noKey(hint: string): never {
  throw new Error(`expected a certificate, got the key ${hint}`)
}
