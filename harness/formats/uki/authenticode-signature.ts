// Verifies the Authenticode signature of an EFI application as firmware does: the digest of the file is in the signed
// content, the digest of the content in the signed attributes, and a certificate's key signed those.
// RFC 2315 §9 (PKCS#7 1.5), RFC 5652 §5.4; the encoding is that of foxboron/go-uefi.
import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto'
import type { ByteSource } from '../../bytes/source.ts'
import { FormatError, VerificationError, type Location, type VerificationCode } from '../../errors.ts'
import { commonName, integerBytes, parseCertificateIdentity } from '../der/certificate.ts'
import { contextTag, DerReader, TAG, toColonHex } from '../der/der.ts'
import { authenticodeDigest, readSignature } from './authenticode.ts'
import type { Pe } from './pe.ts'

export type Signer = {
  readonly certificate: X509Certificate
  /** `CN (sha256 …)` */
  readonly name: string
}

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  indirectData: '1.3.6.1.4.1.311.2.1.4',
  imageData: '1.3.6.1.4.1.311.2.1.15',
  contentType: '1.2.840.113549.1.9.3',
  signingTime: '1.2.840.113549.1.9.5',
  messageDigest: '1.2.840.113549.1.9.4',
} as const
/** Values that are the same in every signature, as hex digits of their DER. */
const VERSION_1 = '020101'
const SHA256 = '300d06096086480165030402010500'
const RSA = '300d06092a864886f70d0101010500'

/**
 * The signer of a signed file. With `trusted` only that certificate counts; else the one inside, which it signed itself
 * or another inside did. VerificationError SIGNATURE or IDENTITY; FormatError `authenticode` or `der`.
 */
export async function verifyAuthenticode(source: ByteSource, pe: Pe, trusted?: X509Certificate): Promise<Signer> {
  const { bytes, offset } = await readSignature(source, pe)
  const at = { ...source.where, offset }
  const { fileDigest, contentDigest, certificates, signer } = parseSignature(bytes, at)
  const digest = await authenticodeDigest(source, pe)
  if (Buffer.compare(fileDigest, digest) !== 0)
    throw fail('SIGNATURE', `expected a signature of ${hex(digest)}, got one of ${hex(fileDigest)}`, at)
  if (Buffer.compare(signer.contentDigest, contentDigest) !== 0)
    throw fail('SIGNATURE', 'expected the signed attributes to name the content, got another digest', at)
  const certificate = findCertificate(trusted === undefined ? certificates : [trusted], signer, at)
  // Firmware looks for the signer's certificate inside, and then whether it is enrolled.
  if (trusted !== undefined && (certificates.length !== 1 || !certificates[0]?.raw.equals(trusted.raw)))
    throw fail('IDENTITY', `expected the certificate of ${nameOf(trusted)} inside, once and no other`, at)
  const attributes = Buffer.from(signer.attributes)
  attributes[0] = TAG.SET
  const key = readKey(certificate, at)
  if (key.asymmetricKeyType !== 'rsa')
    throw fail('SIGNATURE', `expected an RSA key, got ${key.asymmetricKeyType ?? 'none'}`, at)
  if (!verify('sha256', attributes, key, signer.signature))
    throw fail('SIGNATURE', `expected what ${nameOf(certificate)} signed, got other bytes`, at)
  if (trusted === undefined && !certificates.some((issuer) => certificate.verify(readKey(issuer, at))))
    throw fail(
      'SIGNATURE',
      `expected a certificate that signed itself, got that of ${nameOf(certificate)}; name it in the contract`,
      at,
    )
  return { certificate, name: nameOf(certificate) }
}

type ParsedSigner = {
  readonly issuer: Uint8Array
  readonly serial: string
  readonly contentDigest: Uint8Array
  /** The attributes as DER with the tag `[0]`. */
  readonly attributes: Uint8Array
  readonly signature: Uint8Array
}

function parseSignature(bytes: Uint8Array, at: Location) {
  const outer = new DerReader(bytes, at, at.offset)
  const info = outer.enter('ContentInfo', TAG.SEQUENCE)
  expectOid(info, OID.signedData, at)
  const data = info.enter('content', contextTag(0)).enter('SignedData', TAG.SEQUENCE)
  info.end('ContentInfo')
  outer.end('signature')
  expectRaw(data, 'version', VERSION_1, at)
  const algorithms = data.enter('digestAlgorithms', TAG.SET)
  expectRaw(algorithms, 'digest algorithm', SHA256, at)
  algorithms.end('digestAlgorithms')
  const content = data.enter('encapContentInfo', TAG.SEQUENCE)
  expectOid(content, OID.indirectData, at)
  const indirect = content.enter('eContent', contextTag(0)).next('SpcIndirectDataContent', TAG.SEQUENCE)
  content.end('encapContentInfo')
  const bundled = data.enter('certificates', contextTag(0))
  const certificates: X509Certificate[] = []
  while (!bundled.atEnd && certificates.length < MAX_CERTIFICATES)
    certificates.push(readCertificate(bundled.next('certificate', TAG.SEQUENCE).raw, at))
  bundled.end('certificates')
  const signers = data.enter('signerInfos', TAG.SET)
  const signer = parseSigner(signers.enter('SignerInfo', TAG.SEQUENCE), at)
  signers.end('signerInfos')
  data.end('SignedData')
  return {
    fileDigest: parseIndirectData(data.inside(indirect), at),
    contentDigest: createHash('sha256').update(indirect.content).digest(),
    certificates,
    signer,
  }
}

/** A chain of a few. */
const MAX_CERTIFICATES = 8

/** SpcIndirectDataContent ::= SEQUENCE { data { type, SpcPeImageData }, messageDigest { sha256, OCTET STRING } } */
function parseIndirectData(content: DerReader, at: Location): Uint8Array {
  const data = content.enter('SpcAttributeTypeAndOptionalValue', TAG.SEQUENCE)
  expectOid(data, OID.imageData, at)
  data.next('SpcPeImageData', TAG.SEQUENCE)
  data.end('SpcAttributeTypeAndOptionalValue')
  const info = content.enter('DigestInfo', TAG.SEQUENCE)
  expectRaw(info, 'digest algorithm', SHA256, at)
  const digest = info.next('digest', TAG.OCTET_STRING).content
  info.end('DigestInfo')
  content.end('SpcIndirectDataContent')
  return digest
}

/** SignerInfo with the three attributes that go-uefi writes: type of the content, time, digest of the content. */
function parseSigner(info: DerReader, at: Location): ParsedSigner {
  expectRaw(info, 'version of SignerInfo', VERSION_1, at)
  const name = info.enter('issuerAndSerialNumber', TAG.SEQUENCE)
  const issuer = name.next('issuer', TAG.SEQUENCE).raw
  const serial = toColonHex(integerBytes(name.next('serialNumber', TAG.INTEGER)))
  name.end('issuerAndSerialNumber')
  expectRaw(info, 'digest algorithm', SHA256, at)
  const signed = info.next('signedAttrs', contextTag(0))
  const attributes = info.inside(signed)
  const type = enterAttribute(attributes, OID.contentType, at)
  expectOid(type, OID.indirectData, at)
  type.end('content type')
  const time = enterAttribute(attributes, OID.signingTime, at)
  time.next('signing time')
  time.end('signing time')
  const digest = enterAttribute(attributes, OID.messageDigest, at)
  const contentDigest = digest.next('digest', TAG.OCTET_STRING).content
  digest.end('message digest')
  attributes.end('signedAttrs')
  expectRaw(info, 'signature algorithm', RSA, at)
  const signature = info.next('signature', TAG.OCTET_STRING).content
  info.end('SignerInfo')
  return { issuer, serial, contentDigest, attributes: signed.raw, signature }
}

function enterAttribute(attributes: DerReader, type: string, at: Location): DerReader {
  const attribute = attributes.enter('attribute', TAG.SEQUENCE)
  expectOid(attribute, type, at)
  const values = attribute.enter('values', TAG.SET)
  attribute.end('attribute')
  return values
}

function expectOid(reader: DerReader, expected: string, at: Location): void {
  const got = reader.oid('type')
  if (got !== expected) throw malformed(`expected the type ${expected}, got ${got}`, at)
}

function expectRaw(reader: DerReader, what: string, expected: string, at: Location): void {
  const got = hex(reader.next(what).raw)
  if (got !== expected) throw malformed(`expected ${what} ${expected}, got ${got.slice(0, 64)}`, at)
}

function findCertificate(
  candidates: readonly X509Certificate[],
  { issuer, serial }: ParsedSigner,
  at: Location,
): X509Certificate {
  const found = candidates.find(({ raw }) => {
    const identity = parseCertificateIdentity(raw, at)
    return identity.serial === serial && Buffer.compare(identity.issuer, issuer) === 0
  })
  if (found !== undefined) return found
  const known = candidates.map(nameOf).join(', ') || 'none'
  throw fail('IDENTITY', `expected a signature by ${known}, got one by ${commonName(issuer, at) ?? serial}`, at)
}

function readCertificate(raw: Uint8Array, at: Location): X509Certificate {
  try {
    return new X509Certificate(raw)
  } catch (cause) {
    throw new FormatError('authenticode', 'MALFORMED', 'expected a certificate, got something else', { at, cause })
  }
}

function readKey(certificate: X509Certificate, at: Location): KeyObject {
  try {
    return certificate.publicKey
  } catch (cause) {
    throw new VerificationError('SIGNATURE', 'expected a public key that can be read', { at, cause })
  }
}

function nameOf({ raw, fingerprint256 }: X509Certificate): string {
  const name = commonName(parseCertificateIdentity(raw).subject) ?? 'a certificate without a name'
  return `${name} (sha256 ${fingerprint256.replaceAll(':', '').toLowerCase()})`
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function malformed(message: string, at: Location): FormatError {
  return new FormatError('authenticode', 'MALFORMED', message, { at })
}

function fail(code: VerificationCode, message: string, at: Location): VerificationError {
  return new VerificationError(code, message, { at })
}
