// Sigstore bundles: https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto, as JSON.
import {
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  bundleFromJSON,
  type Bundle,
} from '@sigstore/bundle'
import { z } from 'zod'
import { FormatError, type Location } from '../errors.ts'
import { checkShape, parseJson } from '../oci/image/schemas.ts'
import { BUNDLE_PREFIX } from './attachment-kind.ts'
import { bundleFields } from './bundle-fields.ts'

const MEDIA_TYPES: readonly string[] = [
  BUNDLE_V01_MEDIA_TYPE,
  BUNDLE_V02_MEDIA_TYPE,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
]
/** The most bytes of a bundle with a statement in it, in base64. */
const MAX_BYTES = 24 << 20
/** Real ones have one entry of one log, and one timestamp; each costs a verification. */
const MAX_ENTRIES = 8
/** The levels of a proof: as many as a log of 2^64 entries has. */
const MAX_HASHES = 64
/** Leaf, intermediates and root. */
const MAX_CERTIFICATES = 10

const text = z.string()
const list = (max: number) => z.array(z.looseObject({})).max(max).nullish()

/** Types and counts only: the library makes something of whatever it is given, and checks the fields then. */
const bundleSchema = z.looseObject({
  mediaType: text,
  verificationMaterial: z.looseObject({
    certificate: z.looseObject({ rawBytes: text }).nullish(),
    x509CertificateChain: z
      .looseObject({ certificates: z.array(z.looseObject({ rawBytes: text })).max(MAX_CERTIFICATES) })
      .nullish(),
    publicKey: z.looseObject({ hint: text.nullish() }).nullish(),
    tlogEntries: z
      .array(
        z.looseObject({ inclusionProof: z.looseObject({ hashes: z.array(text).max(MAX_HASHES).nullish() }).nullish() }),
      )
      .max(MAX_ENTRIES)
      .nullish(),
    timestampVerificationData: z.looseObject({ rfc3161Timestamps: list(MAX_ENTRIES) }).nullish(),
  }),
  dsseEnvelope: z.looseObject({ payload: text, payloadType: text, signatures: list(MAX_ENTRIES) }).nullish(),
  messageSignature: z.looseObject({}).nullish(),
})

/**
 * FormatError `bundle` MALFORMED for what is none, LIMIT_EXCEEDED above 24 MiB, UNSUPPORTED for a version that we do
 * not know; SchemaError.
 */
export function parseBundle(bytes: Uint8Array, where: Location): Bundle {
  return toBundle(
    parseJson(bytes, 'bundle', where, { maxBytes: MAX_BYTES, schema: bundleFields, spelling: 'protobuf' }),
    where,
  )
}

/** The second half of `parseBundle`. */
export function toBundle(value: unknown, where: Location): Bundle {
  const { mediaType, verificationMaterial, dsseEnvelope, messageSignature } = checkShape(
    value,
    bundleSchema,
    'bundle',
    where,
  )
  if (!MEDIA_TYPES.includes(mediaType))
    throw new FormatError(
      'bundle',
      mediaType.startsWith(BUNDLE_PREFIX) ? 'UNSUPPORTED' : 'MALFORMED',
      `expected a bundle of version 0.1, 0.2 or 0.3, got ${JSON.stringify(mediaType.slice(0, 140))}`,
      { at: { ...where, pointer: '/mediaType' } },
    )
  const { certificate, x509CertificateChain, publicKey } = verificationMaterial
  // One of several would be looked at here, and perhaps another elsewhere.
  assertOne([certificate, x509CertificateChain, publicKey], 'certificate, x509CertificateChain or publicKey', where)
  assertOne([dsseEnvelope, messageSignature], 'dsseEnvelope or messageSignature', where)
  try {
    return bundleFromJSON(value)
  } catch (cause) {
    const fields = cause instanceof Error && 'fields' in cause ? `: ${String(cause.fields)}` : ''
    throw new FormatError('bundle', 'MALFORMED', `expected a complete bundle${fields}`, { at: where, cause })
  }
}

function assertOne(values: readonly unknown[], names: string, where: Location): void {
  const given = values.filter((value) => value !== undefined && value !== null).length
  if (given !== 1) throw new FormatError('bundle', 'MALFORMED', `expected one of ${names}, got ${given}`, { at: where })
}
