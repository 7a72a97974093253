// The key whose signature an entry of a transparency log is about: https://github.com/sigstore/rekor/tree/v1.4.0/pkg/types and,
// for version 0.0.2 of kinds, https://github.com/sigstore/rekor-tiles/tree/v0.1.11/api/proto. The library does not ask.
import { createPublicKey, X509Certificate } from 'node:crypto'
import type { TransparencyLogEntry } from '@sigstore/bundle'
import { z } from 'zod'
import { FormatError, VerificationError, type Location } from '../errors.ts'
import { parseDocument } from '../oci/image/schemas.ts'
import { toSpki } from './signer.ts'

/** DER of what a signature was verified with. */
export type SigningKey = { readonly certificate?: Uint8Array; readonly publicKey: Uint8Array }

const pem = z.string()
const verifier = z.looseObject({
  publicKey: z.looseObject({ rawBytes: z.string() }).optional(),
  x509Certificate: z.looseObject({ rawBytes: z.string() }).optional(),
})
type Verifier = z.infer<typeof verifier>

const body = <T extends z.ZodType>(spec: T) => z.looseObject({ spec })
const only = <T extends z.ZodType>(item: T) => z.array(item).length(1)

const inHashedrekord = body(z.looseObject({ signature: z.looseObject({ publicKey: z.looseObject({ content: pem }) }) }))
const inDsse = body(z.looseObject({ signatures: only(z.looseObject({ verifier: pem })) }))
const inIntoto = body(
  z.looseObject({
    content: z.looseObject({ envelope: z.looseObject({ signatures: only(z.looseObject({ publicKey: pem })) }) }),
  }),
)
const inHashedrekord2 = body(
  z.looseObject({ hashedRekordV002: z.looseObject({ signature: z.looseObject({ verifier }) }) }),
)
const inDsse2 = body(z.looseObject({ dsseV002: z.looseObject({ signatures: only(z.looseObject({ verifier })) }) }))

type Reader = (bytes: Uint8Array, where: Location) => SigningKey

/** Readers by `kind/version`: DER of a certificate with its key, or of a key alone. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['hashedrekord/0.0.1', (bytes, at) => fromPem(read(bytes, inHashedrekord, at).signature.publicKey.content)],
  ['hashedrekord/0.0.2', (bytes, at) => fromDer(read(bytes, inHashedrekord2, at).hashedRekordV002.signature.verifier)],
  ['dsse/0.0.1', (bytes, at) => fromPem(read(bytes, inDsse, at).signatures[0]?.verifier)],
  ['dsse/0.0.2', (bytes, at) => fromDer(read(bytes, inDsse2, at).dsseV002.signatures[0]?.verifier)],
  ['intoto/0.0.2', (bytes, at) => fromPem(read(bytes, inIntoto, at).content.envelope.signatures[0]?.publicKey)],
])

/** FormatError `log entry` UNSUPPORTED for a kind that neither we nor the library can compare. */
export function assertKnownKind({ kindVersion: { kind, version } }: TransparencyLogEntry, where: Location): void {
  if (READERS.has(`${kind}/${version}`)) return
  throw new FormatError(
    'log entry',
    'UNSUPPORTED',
    `expected one of ${[...READERS.keys()].join(', ')}, got ${kind}/${version}`,
    {
      at: where,
    },
  )
}

/**
 * Asserts that the entry is about a signature by this key: one by somebody else's would be no trace of this one (as
 * cosign's CVE-2026-22703). The entry itself was verified. VerificationError SIGNATURE.
 */
export function assertSameKey(entry: TransparencyLogEntry, signed: SigningKey, where: Location): void {
  const { kind, version } = entry.kindVersion
  const named = nameKey(READERS.get(`${kind}/${version}`), entry, where)
  const isSame =
    named.certificate !== undefined
      ? signed.certificate !== undefined && Buffer.compare(named.certificate, signed.certificate) === 0
      : Buffer.compare(named.publicKey, signed.publicKey) === 0
  if (!isSame)
    throw new VerificationError('SIGNATURE', 'log entry: expected the key of the signature, got another', { at: where })
}

function nameKey(reader: Reader | undefined, entry: TransparencyLogEntry, where: Location): SigningKey {
  try {
    const named = reader?.(entry.canonicalizedBody, where)
    if (named === undefined) throw new Error('another kind')
    return named
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new VerificationError('SIGNATURE', `log entry: expected a key that can be read: ${reason}`, {
      at: where,
      cause,
    })
  }
}

function read<T>(bytes: Uint8Array, schema: z.ZodType<{ readonly spec: T }>, where: Location): T {
  return parseDocument(bytes, schema, 'log entry', where).spec
}

/** Base64 of PEM. */
function fromPem(encoded: string | undefined): SigningKey {
  const text = Buffer.from(encoded ?? '', 'base64').toString()
  return text.includes('-----BEGIN CERTIFICATE-----')
    ? ofCertificate(new X509Certificate(text))
    : { publicKey: toSpki(createPublicKey(text)) }
}

function fromDer(given: Verifier | undefined): SigningKey {
  if (given?.x509Certificate !== undefined)
    return ofCertificate(new X509Certificate(Buffer.from(given.x509Certificate.rawBytes, 'base64')))
  const key = Buffer.from(given?.publicKey?.rawBytes ?? '', 'base64')
  return { publicKey: toSpki(createPublicKey({ key, format: 'der', type: 'spki' })) }
}

/** The certificate and its public key, as an entry of the log has them. */
export function ofCertificate(certificate: X509Certificate): Required<SigningKey> {
  return { certificate: certificate.raw, publicKey: toSpki(certificate.publicKey) }
}
