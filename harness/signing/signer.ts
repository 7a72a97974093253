// Allowed and actual signers: an OIDC identity in a short-lived certificate of Fulcio, or a key.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { FormatError } from '../errors.ts'

/** A trusted signer. A pattern is matched against the whole subject, never against a part of it. */
export type TrustedSigner =
  | { readonly issuer: string; readonly subject: string }
  | { readonly issuer: string; readonly subjectPattern: string }
  /** PEM of a public key. */
  | { readonly publicKey: string }

/** An actual signer. `key` is the SHA-256 of the key's SubjectPublicKeyInfo in DER, in hex. */
export type SignerIdentity = { readonly issuer: string; readonly subject: string } | { readonly key: string }

/** A key that is trusted; `id` as of `SignerIdentity`. */
export type TrustedKey = { readonly key: KeyObject; readonly id: string }

/** The least bits of an RSA key that is not broken soon: NIST SP 800-131A revision 2, table 2. */
const MIN_RSA_BITS = 2048
const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1']

/** Describes a signer for a person: `someone@example.com (https://accounts.example.com)`, `key sha256:…`. */
export function renderSigner(signer: SignerIdentity): string {
  return 'key' in signer ? `key sha256:${signer.key}` : `${signer.subject} (${signer.issuer})`
}

/** True if the signer is the trusted one. Errors of `parsePublicKey` and `compilePattern`. */
export function matchesSigner(signer: SignerIdentity, trusted: TrustedSigner): boolean {
  if ('publicKey' in trusted) return 'key' in signer && signer.key === parsePublicKey(trusted.publicKey).id
  if ('key' in signer || signer.issuer !== trusted.issuer) return false
  return 'subject' in trusted
    ? signer.subject === trusted.subject
    : compilePattern(trusted.subjectPattern).test(signer.subject)
}

/** A pattern over a whole subject. FormatError `pattern` MALFORMED for what is no regular expression. */
export function compilePattern(pattern: string): RegExp {
  try {
    // Alone first: `a)|(?:b` is one only inside of ours, and would be open at both ends.
    return new RegExp(`^(?:${new RegExp(pattern, 'u').source})$`, 'u')
  } catch (cause) {
    throw new FormatError('pattern', 'MALFORMED', `expected a regular expression, got ${JSON.stringify(pattern)}`, {
      cause,
    })
  }
}

/**
 * PEM of a key of P-256, P-384, Ed25519 or RSA. FormatError `key` MALFORMED for what is no public key, UNSUPPORTED for
 * one of another kind or too short.
 */
export function parsePublicKey(pem: string): TrustedKey {
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----'))
    throw new FormatError('key', 'MALFORMED', 'expected PEM of a public key')
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch (cause) {
    throw new FormatError('key', 'MALFORMED', 'expected PEM of a public key', { cause })
  }
  if (!isSupported(key))
    throw new FormatError('key', 'UNSUPPORTED', `expected P-256, P-384, Ed25519 or RSA, got ${describe(key)}`)
  return { key, id: keyId(key) }
}

/** SHA-256 of the SubjectPublicKeyInfo, in hex. */
function keyId(key: KeyObject): string {
  return createHash('sha256').update(toSpki(key)).digest('hex')
}

/** SubjectPublicKeyInfo in DER. */
export function toSpki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function isSupported({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'ec') return CURVES.includes(details?.namedCurve)
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= MIN_RSA_BITS
  return type === 'ed25519'
}

function describe({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  return [type, details?.namedCurve, details?.modulusLength].filter((part) => part !== undefined).join(' ')
}
