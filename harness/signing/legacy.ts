// cosign's first form of signatures, a tag beside the image: what the annotations of a layer say, as a bundle, and what
// the payload says (https://github.com/sigstore/cosign/blob/v2.6.0/specs/SIGNATURE_SPEC.md, pkg/oci/static/signature.go;
// https://github.com/containers/image/blob/v5.36.0/docs/containers-signature.5.md).
import { createHash, X509Certificate } from 'node:crypto'
import { BUNDLE_V01_MEDIA_TYPE, type SerializedBundle } from '@sigstore/bundle'
import { z } from 'zod'
import type { Digest } from '../bytes/digest.ts'
import { FormatError, VerificationError, type Location } from '../errors.ts'
import { checkShape, parseDocument, parseJson } from '../oci/image/schemas.ts'

const SIGNATURE = 'dev.cosignproject.cosign/signature'
const CERTIFICATE = 'dev.sigstore.cosign/certificate'
const BUNDLE = 'dev.sigstore.cosign/bundle'
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp'

/** Real ones have some 250 bytes; Talos has the same bound. */
const MAX_PAYLOAD_BYTES = 1 << 20
/** Limit for an annotation: a certificate has 1 KiB, an entry of the log 3. */
const MAX_ANNOTATION_BYTES = 256 << 10
/** The most bytes of an envelope, as of a bundle. */
const MAX_ENVELOPE_BYTES = 24 << 20

const entrySchema = z.looseObject({
  SignedEntryTimestamp: z.string(),
  Payload: z.looseObject({
    /** Base64 of the canonical JSON of the entry. */
    body: z.string(),
    /** Seconds since 1970. */
    integratedTime: z.int().nonnegative(),
    logIndex: z.int().nonnegative(),
    /** Hex. */
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
})
const kindSchema = z.looseObject({ kind: z.string(), apiVersion: z.string() })
const timestampSchema = z.looseObject({ SignedRFC3161Timestamp: z.string() })
const envelopeSchema = z.looseObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.looseObject({ sig: z.string(), keyid: z.string().nullish() })).length(1),
})
const payloadSchema = z.looseObject({
  critical: z.looseObject({ type: z.string(), image: z.record(z.string(), z.unknown()) }),
})

type Annotations = Readonly<Record<string, string>>

/** The signature of a payload. FormatError `cosign` MALFORMED, LIMIT_EXCEEDED; SchemaError. */
export function signatureBundle(payload: Uint8Array, annotations: Annotations, where: Location): SerializedBundle {
  assertSize(payload.length, MAX_PAYLOAD_BYTES, 'payload', where)
  const signature = annotations[SIGNATURE]
  if (signature === undefined || signature === '')
    throw new FormatError('cosign', 'MALFORMED', `expected the annotation ${SIGNATURE}, got none`, { at: where })
  const digest = createHash('sha256').update(payload).digest('base64')
  return {
    ...material(annotations, where),
    messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature },
    dsseEnvelope: undefined,
  }
}

/** An attestation: the envelope is the layer itself. Errors as of `signatureBundle`. */
export function envelopeBundle(envelope: Uint8Array, annotations: Annotations, where: Location): SerializedBundle {
  const { payload, payloadType, signatures } = parseDocument(
    envelope,
    envelopeSchema,
    'envelope',
    where,
    MAX_ENVELOPE_BYTES,
  )
  const dsseEnvelope = {
    payload,
    payloadType,
    signatures: signatures.map(({ sig, keyid }) => ({ sig, keyid: keyid ?? '' })),
  }
  return { ...material(annotations, where), dsseEnvelope, messageSignature: undefined }
}

/**
 * Asserts that the payload is about the image. VerificationError SUBJECT where it is about another, or is of another
 * kind; FormatError `payload` MALFORMED, LIMIT_EXCEEDED; SchemaError.
 */
export function assertPayload(payload: Uint8Array, digest: Digest, where: Location): void {
  const { critical } = parseDocument(payload, payloadSchema, 'payload', where, MAX_PAYLOAD_BYTES)
  const wrong = (pointer: string, expected: string, got: unknown): VerificationError =>
    new VerificationError('SUBJECT', `payload: expected ${expected}, got ${JSON.stringify(got)?.slice(0, 140)}`, {
      at: { ...where, pointer: `/critical/${pointer}` },
    })
  const type = 'cosign container image signature'
  if (critical.type !== type) throw wrong('type', type, critical.type)
  const key = 'docker-manifest-digest'
  // Readers in Go take any capitalisation, and of several the last: what they would see must be what we see.
  const variant = Object.keys(critical.image).find((name) => name !== key && name.toLowerCase() === key)
  if (variant !== undefined) throw wrong('image', `the key ${key} in lower case`, variant)
  const named = Object.hasOwn(critical.image, key) ? critical.image[key] : null
  if (named !== digest) throw wrong(`image/${key}`, digest, named)
}

function material(
  annotations: Annotations,
  where: Location,
): Pick<SerializedBundle, 'mediaType' | 'verificationMaterial'> {
  const pem = annotations[CERTIFICATE]
  const timestamp = annotations[TIMESTAMP]
  const entry = annotations[BUNDLE]
  const common = {
    tlogEntries: entry === undefined || entry === '' ? [] : [toLogEntry(entry, where)],
    timestampVerificationData:
      timestamp === undefined || timestamp === ''
        ? undefined
        : {
            rfc3161Timestamps: [
              { signedTimestamp: annotation(timestamp, timestampSchema, TIMESTAMP, where).SignedRFC3161Timestamp },
            ],
          },
  }
  const verificationMaterial =
    pem === undefined || pem === ''
      ? { ...common, publicKey: { hint: '' }, certificate: undefined, x509CertificateChain: undefined }
      : {
          ...common,
          x509CertificateChain: { certificates: [{ rawBytes: toDer(pem, where) }] },
          certificate: undefined,
          publicKey: undefined,
        }
  return { mediaType: BUNDLE_V01_MEDIA_TYPE, verificationMaterial }
}

type LogEntry = SerializedBundle['verificationMaterial']['tlogEntries'][number]

function toLogEntry(text: string, where: Location): LogEntry {
  const { SignedEntryTimestamp, Payload } = annotation(text, entrySchema, BUNDLE, where)
  const { body, integratedTime, logIndex, logID } = Payload
  const decoded = parseJson(Buffer.from(body, 'base64'), 'log entry', where, { maxBytes: MAX_ANNOTATION_BYTES })
  const { kind, apiVersion } = checkShape(decoded, kindSchema, 'log entry', where)
  return {
    logIndex: `${logIndex}`,
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: `${integratedTime}`,
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    inclusionProof: undefined,
    canonicalizedBody: body,
  }
}

/** The first certificate, base64 of DER: the chain comes from what is trusted. */
function toDer(pem: string, where: Location): string {
  assertSize(pem.length, MAX_ANNOTATION_BYTES, CERTIFICATE, where)
  try {
    return new X509Certificate(pem).raw.toString('base64')
  } catch (cause) {
    throw new FormatError('cosign', 'MALFORMED', `expected a certificate in PEM as ${CERTIFICATE}`, {
      at: where,
      cause,
    })
  }
}

function annotation<T>(text: string, schema: z.ZodType<T>, name: string, where: Location): T {
  return parseDocument(Buffer.from(text), schema, name, where, MAX_ANNOTATION_BYTES)
}

function assertSize(size: number, max: number, what: string, at: Location): void {
  if (size > max)
    throw new FormatError('cosign', 'LIMIT_EXCEEDED', `${what}: expected at most ${max} bytes, got ${size}`, { at })
}
