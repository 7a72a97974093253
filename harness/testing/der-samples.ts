// Writes DER (https://www.itu.int/rec/T-REC-X.690, 8 and 10), and of it certificates, PKCS#7 signatures and signed
// modules.
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { sampleElf } from './elf-sample.ts'

/** One DER value. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const digits = Buffer.from(length.toString(16).padStart(2 * Math.ceil(Math.log2(length + 1) / 8), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts)
/** `[n]` around values. */
export const context = (n: number, ...parts: readonly Uint8Array[]): Buffer => der(0xa0 | n, ...parts)
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes)
/** A BIT STRING of whole bytes. */
export const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.from([0]), bytes)
export const empty = (): Buffer => der(0x05)
export const yes = (): Buffer => der(0x01, Buffer.from([0xff]))
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))
/** Content in hex. */
export const integer = (hex: string): Buffer => der(0x02, Buffer.from(hex, 'hex'))

/** `YYMMDDHHMMSSZ` below 2050, as RFC 5280 4.1.2.5 wants; with the century from then on. */
export function time(date: Date): Buffer {
  const [text = ''] = date.toISOString().split('.')
  const digits = Buffer.from(`${text.replace(/\D/g, '')}Z`)
  return date.getUTCFullYear() < 2050 ? der(0x17, digits.subarray(2)) : der(0x18, digits)
}

/** `1.2.840.113549.1.7.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const content = [40 * first + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80)
    return groups
  })
  return der(0x06, Buffer.from(content))
}

/** A Name of an organisation and a common name. */
export function sampleName(commonName: string): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)))
  return sequence(attribute('2.5.4.10', 'tests'), attribute('2.5.4.3', commonName))
}

export type SampleKey = {
  readonly privateKey: KeyObject
  readonly name: Buffer
  /** Content of the INTEGER. */
  readonly serial: Buffer
  readonly keyIdentifier: Buffer
  /** DER. */
  readonly certificate: Buffer
  readonly x509: X509Certificate
}

const ALGORITHMS = { rsa: '1.2.840.113549.1.1.13', ec: '1.2.840.10045.4.3.4' }

/** A new key with a self-signed certificate, made as the kernel's build does. */
export function sampleKey(
  options: { readonly type?: 'rsa' | 'ec'; readonly name?: string; readonly serial?: string } = {},
): SampleKey {
  const { type = 'rsa', name: text = 'sample key', serial: hex = '0099aabbccddeeff' } = options
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 1024 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const name = sampleName(text)
  const keyIdentifier = Buffer.from('0102030405060708090a0b0c0d0e0f1011121314', 'hex')
  const algorithm = sequence(oid(ALGORITHMS[type]))
  const signed = sequence(
    context(0, integer('02')),
    integer(hex),
    algorithm,
    name,
    sequence(time(new Date('2020-01-01')), time(new Date('2040-01-01'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(
      3,
      sequence(
        sequence(oid('2.5.29.19'), yes(), octets(sequence())),
        sequence(oid('2.5.29.14'), octets(octets(keyIdentifier))),
      ),
    ),
  )
  const signature = sign('sha512', signed, privateKey)
  const certificate = sequence(signed, algorithm, bits(signature))
  const x509 = new X509Certificate(certificate)
  return { privateKey, name, serial: Buffer.from(hex, 'hex'), keyIdentifier, certificate, x509 }
}

/** A key and the names by which a signature refers to it. */
export type SigningKey = Pick<SampleKey, 'privateKey' | 'name' | 'serial'> & Partial<Pick<SampleKey, 'keyIdentifier'>>

export type SamplePkcs7 = {
  readonly byKeyIdentifier?: boolean
  readonly hash?: 'sha256' | 'sha512'
  readonly signedAttributes?: boolean
  readonly attached?: boolean
  readonly certificates?: readonly Buffer[]
  /** OIDs, where they shall say something else than what is. */
  readonly digestOid?: string
  readonly signatureOid?: string
  /** SignerInfos, instead of one by `key`. */
  readonly signers?: readonly Buffer[]
}

const HASH_OIDS = { sha256: '2.16.840.1.101.3.4.2.1', sha512: '2.16.840.1.101.3.4.2.3' }

export function sampleSigner(key: SigningKey, payload: Uint8Array, options: SamplePkcs7 = {}): Buffer {
  const { hash = 'sha512', digestOid = HASH_OIDS[hash] } = options
  const { signatureOid = key.privateKey.asymmetricKeyType === 'ec' ? ALGORITHMS.ec : '1.2.840.113549.1.1.1' } = options
  const attributes = options.signedAttributes === true ? [context(0, sequence(oid('1.2.840.113549.1.9.3')))] : []
  return sequence(
    integer('01'),
    options.byKeyIdentifier === true
      ? der(0x80, key.keyIdentifier ?? Buffer.alloc(0))
      : sequence(key.name, der(0x02, key.serial)),
    sequence(oid(digestOid)),
    ...attributes,
    sequence(oid(signatureOid), empty()),
    octets(sign(hash, payload, key.privateKey)),
  )
}

/** SignedData over `payload`, as the kernel's sign-file makes it. */
export function samplePkcs7(key: SigningKey, payload: Uint8Array, options: SamplePkcs7 = {}): Buffer {
  const { hash = 'sha512', digestOid = HASH_OIDS[hash], certificates, attached = false } = options
  const { signers = [sampleSigner(key, payload, options)] } = options
  const signedData = sequence(
    integer('01'),
    set(sequence(oid(digestOid))),
    sequence(oid('1.2.840.113549.1.7.1'), ...(attached ? [context(0, octets(payload))] : [])),
    ...(certificates === undefined ? [] : [context(0, ...certificates)]),
    set(...signers),
  )
  return sequence(oid('1.2.840.113549.1.7.2'), context(0, signedData))
}

/** `struct module_signature` and the magic. `overwrite` replaces bytes of the struct. */
export function moduleTrailer(length: number, overwrite: Readonly<Record<number, number>> = {}): Buffer {
  const struct = Buffer.alloc(12)
  struct.writeUInt8(2, 2)
  struct.writeUInt32BE(length, 8)
  for (const [at, value] of Object.entries(overwrite)) struct.writeUInt8(value, Number(at))
  return Buffer.concat([struct, Buffer.from('~Module signature appended~\n')])
}

/** `module` with a signature at its end. */
export function appendSignature(module: Uint8Array, signature: Uint8Array): Buffer {
  return Buffer.concat([module, signature, moduleTrailer(signature.length)])
}

/** An unsigned aarch64 module with these strings in .modinfo. */
export function sampleModule(
  info: readonly string[] = ['license=GPL', 'depends=spl', 'name=zfs', 'vermagic=6.12.57-talos SMP aarch64'],
): Buffer {
  const data = Buffer.from(info.map((entry) => `${entry}\0`).join(''))
  return sampleElf({ type: 1, sections: [{ name: '.modinfo', type: 1, data }] })
}
