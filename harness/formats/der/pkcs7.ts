// PKCS#7 signatures as Linux's scripts/sign-file appends them to modules: SignedData without content.
// https://www.rfc-editor.org/rfc/rfc5652 §5; crypto/asymmetric_keys/pkcs7.asn1 (Linux 6.12)
import { FormatError, type Location } from '../../errors.ts'
import { commonName, integerBytes } from './certificate.ts'
import { contextPrimitive, contextTag, DerReader, TAG, toColonHex } from './der.ts'

const FORMAT = 'pkcs7'
const OID_SIGNED_DATA = '1.2.840.113549.1.7.2'
/** sign-file writes one; each costs a verification. */
const MAX_SIGNERS = 16
/** A chain of a few. */
const MAX_CERTIFICATES = 64

/** Names as modinfo and node:crypto have them; an algorithm that is not here is given as its OID. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ['2.16.840.1.101.3.4.2.8', 'sha3-256'],
  ['2.16.840.1.101.3.4.2.9', 'sha3-384'],
  ['2.16.840.1.101.3.4.2.10', 'sha3-512'],
])

export type Pkcs7Signer = {
  /** The signer's certificate, by its name or its key. */
  readonly certificate:
    | { readonly kind: 'issuerAndSerial'; readonly issuer: Uint8Array; readonly serial: string }
    | { readonly kind: 'subjectKeyIdentifier'; readonly identifier: string }
  /** `33:E6:…`: the serial number (modinfo's `sig_key`), or the subject key identifier. */
  readonly keyId: string
  /** The issuer's common name (modinfo's `signer`). */
  readonly name?: string
  /** `sha512`, or an OID. */
  readonly hash: string
  /** OID. */
  readonly signatureAlgorithm: string
  readonly signature: Uint8Array
  /** SignedAttributes as they are, tag `[0]`; the kernel refuses modules with them. */
  readonly signedAttributes?: Uint8Array
}

export type Pkcs7 = {
  /** OID; `1.2.840.113549.1.7.1` is data. */
  readonly contentType: string
  /** True if the signed bytes are inside; not for modules. */
  readonly attached: boolean
  /** DER of each certificate that came along; sign-file sends none. */
  readonly certificates: readonly Uint8Array[]
  readonly signers: readonly Pkcs7Signer[]
}

/**
 * `offset` is that of `bytes[0]` in what `where` names. FormatError: `der`, or `pkcs7` MALFORMED (other than
 * SignedData), LIMIT_EXCEEDED (more than 16 signers, 64 certificates).
 */
export function parsePkcs7(bytes: Uint8Array, where: Location = {}, offset = 0): Pkcs7 {
  const outer = new DerReader(bytes, where, offset)
  const info = outer.enter('ContentInfo', TAG.SEQUENCE)
  const type = info.oid('contentType')
  if (type !== OID_SIGNED_DATA)
    throw new FormatError(FORMAT, 'MALFORMED', `expected signed data, got ${type}`, { at: { ...where, offset } })
  const data = info.enter('content', contextTag(0)).enter('SignedData', TAG.SEQUENCE)
  info.end('ContentInfo')
  outer.end('ContentInfo')
  data.next('version', TAG.INTEGER)
  data.next('digestAlgorithms', TAG.SET)
  const content = data.enter('encapContentInfo', TAG.SEQUENCE)
  const contentType = content.oid('eContentType')
  const attached = !content.atEnd
  const bundled = data.optional('certificates', contextTag(0))
  const certificates = bundled === undefined ? [] : readSet(data.inside(bundled), MAX_CERTIFICATES, where, offset)
  data.optional('crls', contextTag(1))
  const set = data.next('signerInfos', TAG.SET)
  data.end('SignedData')
  const signers = readSet(data.inside(set), MAX_SIGNERS, where, set.offset)
  return {
    contentType,
    attached,
    certificates: certificates.map(({ raw }) => raw),
    signers: signers.map((signer) => readSigner(signer.raw, where, signer.offset)),
  }
}

function readSet(reader: DerReader, limit: number, where: Location, offset: number) {
  const values: { readonly raw: Uint8Array; readonly offset: number }[] = []
  while (!reader.atEnd) {
    if (values.length === limit)
      throw new FormatError(FORMAT, 'LIMIT_EXCEEDED', `expected at most ${limit} members`, { at: { ...where, offset } })
    values.push(reader.next('member', TAG.SEQUENCE))
  }
  return values
}

/** SignerInfo, RFC 5652 §5.3. */
function readSigner(raw: Uint8Array, where: Location, offset: number): Pkcs7Signer {
  const info = new DerReader(raw, where, offset).enter('SignerInfo', TAG.SEQUENCE)
  info.next('version', TAG.INTEGER)
  const identity = readIdentity(info, where)
  const digest = info.enter('digestAlgorithm', TAG.SEQUENCE).oid('digestAlgorithm')
  const signedAttributes = info.optional('signedAttrs', contextTag(0))?.raw
  const signatureAlgorithm = info.enter('signatureAlgorithm', TAG.SEQUENCE).oid('signatureAlgorithm')
  const signature = info.next('signature', TAG.OCTET_STRING).content
  info.optional('unsignedAttrs', contextTag(1))
  info.end('SignerInfo')
  return {
    ...identity,
    hash: HASHES.get(digest) ?? digest,
    signatureAlgorithm,
    signature,
    ...(signedAttributes === undefined ? {} : { signedAttributes }),
  }
}

/** SignerIdentifier ::= CHOICE { IssuerAndSerialNumber, [0] SubjectKeyIdentifier } */
function readIdentity(info: DerReader, where: Location): Pick<Pkcs7Signer, 'certificate' | 'keyId' | 'name'> {
  const byKey = info.optional('subjectKeyIdentifier', contextPrimitive(0))
  if (byKey !== undefined) {
    const identifier = toColonHex(byKey.content)
    return { certificate: { kind: 'subjectKeyIdentifier', identifier }, keyId: identifier }
  }
  const pair = info.enter('issuerAndSerialNumber', TAG.SEQUENCE)
  const issuer = pair.next('issuer', TAG.SEQUENCE)
  const serial = toColonHex(integerBytes(pair.next('serialNumber', TAG.INTEGER)))
  pair.end('issuerAndSerialNumber')
  const name = commonName(issuer.raw, where, issuer.offset)
  return {
    certificate: { kind: 'issuerAndSerial', issuer: issuer.raw, serial },
    keyId: serial,
    ...(name === undefined ? {} : { name }),
  }
}
