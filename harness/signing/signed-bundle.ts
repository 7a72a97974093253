// One signature, of any signer: what the library proves, and what it leaves to its caller.
import { verify as verifyBytes, X509Certificate, type KeyObject } from 'node:crypto'
import { isBundleWithCertificateChain, type Bundle, type TransparencyLogEntry } from '@sigstore/bundle'
import { dsse, type crypto } from '@sigstore/core'
import { toSignedEntity, Verifier, type SignedEntity, type TrustMaterial } from '@sigstore/verify'
import { HarnessError, VerificationError, type Location } from '../errors.ts'
import { readIdentity } from './certificate.ts'
import { assertKnownKind, assertSameKey, ofCertificate } from './log-entry.ts'
import { compilePattern, matchesSigner, parsePublicKey, toSpki } from './signer.ts'
import type { SignerIdentity, TrustedKey, TrustedSigner } from './signer.ts'
import type { Trust } from './trust.ts'

export type Proof = { readonly signer: SignerIdentity; readonly signedAt?: Date }

/**
 * A signer with a certificate submits it to a log of certificates, and the signature to a log or a timestamp authority.
 */
const KEYLESS = { ctlogThreshold: 1, tlogThreshold: 1, timestampThreshold: 1 }
/** A trusted key needs no witness. */
const KEYED = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 }
/** All that are strong enough: keys of P-384 are used with either. */
const HASHES = ['sha256', 'sha384'] as const

/**
 * Signers as far as they can be distinguished before anything is read. Errors of `parsePublicKey`, `compilePattern`.
 */
export type Trusted = { readonly signers: readonly TrustedSigner[]; readonly keys: readonly TrustedKey[] }

export function prepareSigners(signers: readonly TrustedSigner[]): Trusted {
  for (const signer of signers) if ('subjectPattern' in signer) compilePattern(signer.subjectPattern)
  return {
    signers,
    keys: signers.flatMap((signer) => ('publicKey' in signer ? [parsePublicKey(signer.publicKey)] : [])),
  }
}

/**
 * Proves that `bundle` holds over `signed` (over its own envelope, where it has one), and that one of the signers made
 * it. VerificationError SIGNATURE, IDENTITY, TRUST_ROOT where the root knows no authority or no log at all; FormatError
 * UNSUPPORTED for a kind of entry that we do not know.
 */
export function proveBundle(
  bundle: Bundle,
  signed: Uint8Array,
  { trust, trusted, at }: { readonly trust: Trust; readonly trusted: Trusted; readonly at: Location },
): Proof {
  const data = bundle.content.$case === 'dsseEnvelope' ? encode(bundle.content.dsseEnvelope) : signed
  const entity = withAlgorithms(
    attempt(() => toSignedEntity(bundle, Buffer.from(signed)), at),
    data,
  )
  return bundle.verificationMaterial.content.$case === 'publicKey'
    ? proveByKey(entity, { hint: bundle.verificationMaterial.content.publicKey.hint, trust, keys: trusted.keys, at })
    : proveByCertificate(entity, certificateOf(bundle), { trust, signers: trusted.signers, at })
}

function proveByCertificate(
  entity: SignedEntity,
  der: Uint8Array,
  { trust, signers, at }: { readonly trust: Trust; readonly signers: readonly TrustedSigner[]; readonly at: Location },
): Proof {
  const { certificateAuthorities, tlogs, ctlogs } = trust.material
  if ([certificateAuthorities, tlogs, ctlogs].some((known) => known.length === 0))
    throw new VerificationError(
      'TRUST_ROOT',
      `${trust.name}: expected authorities and logs to hold a certificate against, got none`,
      { at },
    )
  for (const entry of entity.tlogEntries) assertKnownKind(entry, at)
  attempt(() => new Verifier(trust.material, KEYLESS).verify(entity), at)
  const certificate = attempt(() => ofCertificate(new X509Certificate(der)), at)
  for (const entry of entity.tlogEntries) assertSameKey(entry, certificate, at)
  const signer = readIdentity(der, at)
  if (!signers.some((one) => matchesSigner(signer, one))) throw otherSigner(JSON.stringify(signer), at)
  return { signer, ...signedAt(entity) }
}

/**
 * Entries of logs that the trust root knows must hold as well; others prove nothing, and neither do timestamps: they
 * can only be wrong, and a key says all.
 */
function proveByKey(
  whole: SignedEntity,
  how: { readonly hint: string; readonly trust: Trust; readonly keys: readonly TrustedKey[]; readonly at: Location },
): Proof {
  const { hint, trust, keys, at } = how
  const isKnown = ({ logId }: TransparencyLogEntry): boolean =>
    trust.material.tlogs.some(({ logID }) => logID.equals(logId.keyId))
  const entity = { ...whole, tlogEntries: whole.tlogEntries.filter(isKnown), timestamps: [] }
  if (keys.length === 0) throw otherSigner('a key', at)
  for (const entry of entity.tlogEntries) assertKnownKind(entry, at)
  const found = keys.find((one) => entity.signature.verifySignature(one.key))
  if (found === undefined) throw isHinted(hint, keys) ? unmade(at) : otherSigner(`the key ${quote(hint)}`, at)
  const { key, id } = found
  const material: TrustMaterial = { ...trust.material, publicKey: () => ({ publicKey: key, validFor: () => true }) }
  attempt(() => new Verifier(material, KEYED).verify(entity), at)
  for (const entry of entity.tlogEntries) assertSameKey(entry, { publicKey: toSpki(key) }, at)
  return { signer: { key: id }, ...signedAt(entity) }
}

/**
 * True if a hint claims a signature by one of the keys. cosign writes the digest of the key there; it is not signed.
 */
function isHinted(hint: string, keys: readonly TrustedKey[]): boolean {
  return hint === '' || keys.some(({ id }) => Buffer.from(id, 'hex').toString('base64') === hint)
}

function unmade(at: Location): VerificationError {
  return new VerificationError('SIGNATURE', 'expected a signature by a trusted key, got one that none of them made', {
    at,
  })
}

/** The latest time of signing, as the log promised or the clock said; both were verified. */
function signedAt({ timestamps, tlogEntries }: SignedEntity): { readonly signedAt?: Date } {
  const times = [
    ...tlogEntries
      .filter((entry) => entry.inclusionPromise !== undefined)
      .map((entry) => Number(entry.integratedTime) * 1000),
    ...timestamps.flatMap((one) => (one.$case === 'timestamp-authority' ? [one.timestamp.signingTime.getTime()] : [])),
  ]
  return times.length === 0 ? {} : { signedAt: new Date(Math.min(...times)) }
}

function certificateOf(bundle: Bundle): Uint8Array {
  if (isBundleWithCertificateChain(bundle))
    return bundle.verificationMaterial.content.x509CertificateChain.certificates[0]?.rawBytes ?? new Uint8Array(0)
  const { content } = bundle.verificationMaterial
  return content.$case === 'certificate' ? content.certificate.rawBytes : new Uint8Array(0)
}

/** The library takes SHA-256 for every key; Ed25519 has a hash of its own, and P-384 is used with SHA-384 too. */
function withAlgorithms(entity: SignedEntity, data: Uint8Array): SignedEntity {
  const { signature } = entity.signature
  const verifySignature = (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'ed25519'
      ? isSignedBy(null, data, key, signature)
      : HASHES.some((hash) => isSignedBy(hash, data, key, signature))
  const content: SignedEntity['signature'] = {
    signature,
    verifySignature,
    compareSignature: (other) => entity.signature.compareSignature(other),
    compareDigest: (digest) => entity.signature.compareDigest(digest),
    compareSignedDigest: (digest) => entity.signature.compareSignedDigest(digest),
  }
  return { ...entity, signature: content }
}

function isSignedBy(hash: string | null, data: Uint8Array, key: crypto.KeyObject, signature: Uint8Array): boolean {
  try {
    return verifyBytes(hash, data, key, signature)
  } catch {
    // A key that cannot be used with this hash did not sign with it.
    return false
  }
}

/**
 * The bytes that an envelope's signature is over: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
function encode({ payloadType, payload }: { readonly payloadType: string; readonly payload: Buffer }): Buffer {
  return dsse.preAuthEncoding(payloadType, payload)
}

/** The library throws errors of many kinds at what it cannot read: none of them is a signature that holds. */
function attempt<T>(action: () => T, at: Location): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause
    throw new VerificationError('SIGNATURE', `expected a signature that holds: ${reason(cause)}`, { at, cause })
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message
}

function otherSigner(got: string, at: Location): VerificationError {
  return new VerificationError('IDENTITY', `expected one of the trusted signers, got ${got}`, { at })
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 140))
}
