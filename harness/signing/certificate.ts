// The identity in a certificate of Fulcio:
// https://github.com/sigstore/fulcio/blob/v1.7.1/docs/certificate-specification.md
import { X509Certificate as KeyCertificate } from 'node:crypto'
import { X509Certificate } from '@sigstore/core'
import { FormatError, VerificationError, type Location } from '../errors.ts'
import { contextPrimitive, DerReader, TAG } from '../formats/der/der.ts'

export type CertificateIdentity = { readonly issuer: string; readonly subject: string }

/** subjectAltName (RFC 5280 §4.2.1.6) and the issuer of the identity: DER since 2022, before that bare text. */
const SUBJECT_ALT_NAME = '2.5.29.17'
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1'
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8'
/** id-kp-codeSigning (RFC 5280 §4.2.1.12): certificates of other use say nothing about images. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
const UTF8_STRING = 0x0c
/** GeneralName: rfc822Name and uniformResourceIdentifier; IA5String both. */
const EMAIL = contextPrimitive(1)
const URI = contextPrimitive(6)

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * `der` is a certificate that was verified. VerificationError IDENTITY where it does not name one identity and its
 * issuer, SIGNATURE where it is not for signing.
 */
export function readIdentity(der: Uint8Array, where: Location): CertificateIdentity {
  try {
    if (new KeyCertificate(der).keyUsage?.includes(CODE_SIGNING) !== true)
      throw new VerificationError('SIGNATURE', 'certificate: expected one for code signing', { at: where })
    const certificate = X509Certificate.parse(Buffer.from(der))
    return { issuer: readIssuer(certificate, where), subject: readSubject(certificate, where) }
  } catch (cause) {
    if (cause instanceof VerificationError) throw cause
    throw new VerificationError('IDENTITY', `certificate: expected an identity that can be read: ${text(cause)}`, {
      at: where,
      cause,
    })
  }
}

function readSubject(certificate: X509Certificate, where: Location): string {
  const value = extension(certificate, SUBJECT_ALT_NAME)
  if (value === undefined) throw wrong('a subject alternative name', 'none', where)
  const list = new DerReader(value)
  const names = list.enter('subjectAltName', TAG.SEQUENCE)
  list.end('subjectAltName')
  const name = names.next('GeneralName')
  // A reader that asks for one of several may get another.
  if (!names.atEnd) throw wrong('one subject alternative name', 'several', where)
  const subject = strictUtf8.decode(name.content)
  // A URI that looks like an address is not a mailbox, and the other way round.
  const isUri = /^[a-z][a-z0-9+.-]*:/i.test(subject)
  const isAddress = /^[^@\s]+@[^@\s]+$/.test(subject) && !isUri
  if (name.tag === URI && isUri) return subject
  if (name.tag === EMAIL && isAddress) return subject
  throw wrong('an e-mail address or a URI as subject', JSON.stringify(subject.slice(0, 140)), where)
}

function readIssuer(certificate: X509Certificate, where: Location): string {
  const value = extension(certificate, ISSUER_V2)
  if (value !== undefined) {
    const reader = new DerReader(value)
    const issuer = strictUtf8.decode(reader.next('issuer', UTF8_STRING).content)
    reader.end('issuer')
    return issuer
  }
  const old = extension(certificate, ISSUER_V1)
  if (old === undefined) throw wrong('the issuer of the identity', 'none', where)
  return strictUtf8.decode(old)
}

/** Content of the extension, undefined where there is none. */
function extension(certificate: X509Certificate, oid: string): Uint8Array | undefined {
  const found = certificate.extensions.filter(({ subs }) => subs[0]?.toOID() === oid)
  if (found.length > 1) throw new FormatError('certificate', 'MALFORMED', `expected one extension ${oid}, got several`)
  return found[0]?.subs.at(-1)?.value
}

function wrong(expected: string, got: string, at: Location): VerificationError {
  return new VerificationError('IDENTITY', `certificate: expected ${expected}, got ${got}`, { at })
}

function text(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
