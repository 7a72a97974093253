// The signature appended to a kernel module, against the certificates of the kernel's keyring.
// crypto/asymmetric_keys/pkcs7_verify.c, pkcs7_trust.c (Linux 6.12)
import { constants, createVerify, type KeyObject, type X509Certificate } from 'node:crypto'
import { VerificationError, type Location, type VerificationCode } from '../../errors.ts'
import { parseCertificateIdentity } from '../der/certificate.ts'
import { toColonHex } from '../der/der.ts'
import type { KernelModule, ModuleSignature } from './module.ts'
import { parsePkcs7, type Pkcs7Signer } from '../der/pkcs7.ts'

const HASHES = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512'])
/** Public key algorithm, as node:crypto names it, of a signatureAlgorithm. */
const SIGNATURES: ReadonlyMap<string, 'rsa' | 'ec'> = new Map([
  ['1.2.840.113549.1.1.1', 'rsa'], // rsaEncryption
  ['1.2.840.113549.1.1.5', 'rsa'], // sha1WithRSAEncryption
  ['1.2.840.113549.1.1.11', 'rsa'], // sha256WithRSAEncryption
  ['1.2.840.113549.1.1.12', 'rsa'], // sha384…
  ['1.2.840.113549.1.1.13', 'rsa'], // sha512…
  ['1.2.840.113549.1.1.14', 'rsa'], // sha224…
  ['1.2.840.10045.4.3.1', 'ec'], // ecdsa-with-SHA224
  ['1.2.840.10045.4.3.2', 'ec'], // …SHA256
  ['1.2.840.10045.4.3.3', 'ec'], // …SHA384
  ['1.2.840.10045.4.3.4', 'ec'], // …SHA512
  ['2.16.840.1.101.3.4.3.10', 'ec'], // id-ecdsa-with-sha3-256
  ['2.16.840.1.101.3.4.3.11', 'ec'], // …384
  ['2.16.840.1.101.3.4.3.12', 'ec'], // …512
])

export type ModuleEvidence = {
  readonly keyId: string
  readonly signer?: string
  readonly hash: string
  readonly certificate: X509Certificate
}

/**
 * Verifies a module's last signature by the rules of the kernel (crypto/asymmetric_keys/pkcs7_verify.c). VerificationError
 * SIGNATURE: none, signed attributes, attached content, an unknown algorithm, or it does not fit; IDENTITY: by a key that
 * is none of `certificates`. FormatError of parsePkcs7.
 */
export async function verifyModuleSignature(
  module: KernelModule,
  certificates: readonly X509Certificate[],
): Promise<ModuleEvidence> {
  const { signature, where } = module
  if (signature === undefined) throw fail('SIGNATURE', 'expected a module signature, got none', where)
  const at = { ...where, offset: signature.offset }
  const { signers, attached } = parsePkcs7(signature.bytes, where, signature.offset)
  if (attached) throw fail('SIGNATURE', 'expected a detached module signature, got one with content', at)
  const [first] = signers
  if (first === undefined) throw fail('SIGNATURE', 'expected a signer of the module, got none', at)
  for (const signer of signers) {
    const certificate = certificates.find((candidate) => isNamedBy(candidate, signer))
    if (certificate === undefined) continue
    await verifySigner(module, signature, signer, certificate)
    const { keyId, name, hash } = signer
    return { keyId, ...(name === undefined ? {} : { signer: name }), hash, certificate }
  }
  const known = certificates.map(({ serialNumber }) => toColonHex(Buffer.from(serialNumber, 'hex'))).join(', ')
  throw fail('IDENTITY', `expected a module signed by one of ${known || 'no keys'}, got ${first.keyId}`, at)
}

function isNamedBy(certificate: X509Certificate, { certificate: name }: Pkcs7Signer): boolean {
  const identity = parseCertificateIdentity(certificate.raw)
  return name.kind === 'subjectKeyIdentifier'
    ? identity.subjectKeyIdentifier === name.identifier
    : identity.serial === name.serial && Buffer.compare(identity.issuer, name.issuer) === 0
}

async function verifySigner(
  module: KernelModule,
  { offset }: ModuleSignature,
  signer: Pkcs7Signer,
  certificate: X509Certificate,
): Promise<void> {
  const at = { ...module.where, offset }
  const algorithm = SIGNATURES.get(signer.signatureAlgorithm)
  const publicKey = readKey(certificate, at)
  if (signer.signedAttributes !== undefined)
    throw fail('SIGNATURE', 'expected a module signature without signed attributes, got some', at)
  if (!HASHES.has(signer.hash) || algorithm === undefined)
    throw fail('SIGNATURE', `expected known algorithms, got ${signer.hash} and ${signer.signatureAlgorithm}`, at)
  if (publicKey.asymmetricKeyType !== algorithm)
    throw fail('SIGNATURE', `expected an ${algorithm} key, got ${publicKey.asymmetricKeyType ?? 'none'}`, at)
  const verifier = createVerify(signer.hash)
  for await (const chunk of module.payload.stream()) verifier.update(chunk)
  if (!verifier.verify({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signer.signature))
    throw fail('SIGNATURE', `expected the module to be what ${signer.keyId} signed, got other bytes`, at)
}

function readKey(certificate: X509Certificate, at: Location): KeyObject {
  try {
    return certificate.publicKey
  } catch (cause) {
    throw new VerificationError('SIGNATURE', 'expected a public key that can be read', { at, cause })
  }
}

function fail(code: VerificationCode, message: string, at: Location): VerificationError {
  return new VerificationError(code, message, { at })
}
