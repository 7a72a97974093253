// The parts of an X.509 certificate by which a signature names it: RFC 5280 §4.1.
import type { Location } from '../../errors.ts'
import { contextPrimitive, contextTag, DerReader, TAG, toColonHex, type DerValue } from './der.ts'

const OID_COMMON_NAME = '2.5.4.3'
const OID_SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
/** UTF8String, PrintableString, TeletexString, IA5String: one byte or UTF-8 for each character. */
const BYTE_STRINGS = new Set([0x0c, 0x13, 0x14, 0x16])
const BMP_STRING = 0x1e

export type CertificateIdentity = {
  /** `33:E6:…` */
  readonly serial: string
  /** DER of the Names. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly subjectKeyIdentifier?: string
}

/** FormatError `der` for what is no certificate, or where bytes follow it. */
export function parseCertificateIdentity(bytes: Uint8Array, where: Location = {}): CertificateIdentity {
  const outer = new DerReader(bytes, where)
  const certificate = outer.enter('certificate', TAG.SEQUENCE)
  const signed = certificate.enter('tbsCertificate', TAG.SEQUENCE)
  signed.optional('version', contextTag(0))
  const serial = toColonHex(integerBytes(signed.next('serialNumber', TAG.INTEGER)))
  signed.next('signature', TAG.SEQUENCE)
  const issuer = signed.next('issuer', TAG.SEQUENCE).raw
  signed.next('validity', TAG.SEQUENCE)
  const subject = signed.next('subject', TAG.SEQUENCE).raw
  signed.next('subjectPublicKeyInfo', TAG.SEQUENCE)
  signed.optional('issuerUniqueID', contextPrimitive(1))
  signed.optional('subjectUniqueID', contextPrimitive(2))
  const extensions = signed.isNext(contextTag(3)) ? signed.enter('extensions', contextTag(3)) : undefined
  signed.end('tbsCertificate')
  certificate.next('signatureAlgorithm', TAG.SEQUENCE)
  certificate.next('signatureValue')
  certificate.end('certificate')
  outer.end('certificate')
  const subjectKeyIdentifier = extensions === undefined ? undefined : findKeyIdentifier(extensions)
  return { serial, issuer, subject, ...(subjectKeyIdentifier === undefined ? {} : { subjectKeyIdentifier }) }
}

/** Extensions ::= SEQUENCE OF SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
function findKeyIdentifier(wrapper: DerReader): string | undefined {
  const extensions = wrapper.enter('extensions', TAG.SEQUENCE)
  while (!extensions.atEnd) {
    const extension = extensions.enter('extension', TAG.SEQUENCE)
    const id = extension.oid('extnID')
    extension.optional('critical', TAG.BOOLEAN)
    const value = extension.next('extnValue', TAG.OCTET_STRING)
    if (id === OID_SUBJECT_KEY_IDENTIFIER)
      return toColonHex(extension.inside(value).next('subjectKeyIdentifier', TAG.OCTET_STRING).content)
  }
  return undefined
}

/** The bytes of an integer without the zero that keeps a positive number positive: as OpenSSL and modinfo print it. */
export function integerBytes(value: DerValue): Uint8Array {
  return value.content.length > 1 && value.content[0] === 0 ? value.content.subarray(1) : value.content
}

/** The first common name in a Name, SEQUENCE OF SET OF SEQUENCE { OID, string }. */
export function commonName(name: Uint8Array, where: Location = {}, offset = 0): string | undefined {
  const parts = new DerReader(name, where, offset).enter('name', TAG.SEQUENCE)
  while (!parts.atEnd) {
    const attributes = parts.enter('relative distinguished name', TAG.SET)
    while (!attributes.atEnd) {
      const attribute = attributes.enter('attribute', TAG.SEQUENCE)
      if (attribute.oid('attribute type') === OID_COMMON_NAME) return decodeString(attribute.next('common name'))
    }
  }
  return undefined
}

function decodeString({ tag, content }: DerValue): string {
  if (BYTE_STRINGS.has(tag)) return new TextDecoder().decode(content)
  if (tag === BMP_STRING)
    return Buffer.from(content)
      .subarray(0, content.length & ~1)
      .swap16()
      .toString('utf16le')
  return toColonHex(content)
}
