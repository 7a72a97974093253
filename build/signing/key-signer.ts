// Signs with a key that one holds, as `cosign sign --key --tlog-upload=false` does: no authority, no log, no time.
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { BUNDLE_V03_MEDIA_TYPE, type SerializedBundle } from '@sigstore/bundle'
import { preAuthenticationEncoding, SigningError, type Signer } from './signer.ts'

const MAKE_ONE =
  '`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem` makes one, and ' +
  '`cosign import-key-pair --key key.pem` gives it to cosign 3 as well'

/**
 * `pem` is a private key on P-256: PKCS#8, encrypted with `password` or not, or SEC 1. SigningError KEY for all else,
 * cosign's own encrypted format among it (its cipher, XSalsa20-Poly1305, is not in OpenSSL).
 */
export function keySigner(pem: string, password?: string): Signer {
  const key = readKey(pem, password)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const fingerprint = createHash('sha256').update(spki).digest()
  const verificationMaterial = {
    publicKey: { hint: fingerprint.toString('base64') },
    certificate: undefined,
    x509CertificateChain: undefined,
    tlogEntries: [],
    timestampVerificationData: undefined,
  }
  const bundle = { mediaType: BUNDLE_V03_MEDIA_TYPE, verificationMaterial }
  return {
    name: `key sha256:${fingerprint.toString('hex')}`,
    signBytes: async (payload): Promise<SerializedBundle> => ({
      ...bundle,
      dsseEnvelope: undefined,
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(payload).digest('base64') },
        signature: sign('sha256', payload, key).toString('base64'),
      },
    }),
    signEnvelope: async (payloadType, payload): Promise<SerializedBundle> => ({
      ...bundle,
      messageSignature: undefined,
      dsseEnvelope: {
        payload: Buffer.from(payload).toString('base64'),
        payloadType,
        signatures: [
          { sig: sign('sha256', preAuthenticationEncoding(payloadType, payload), key).toString('base64'), keyid: '' },
        ],
      },
    }),
  }
}

function readKey(pem: string, password: string | undefined): KeyObject {
  if (/^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/m.test(pem))
    throw new SigningError('KEY', `expected a private key in PKCS#8, got cosign's own encrypted format: ${MAKE_ONE}`)
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(password !== undefined && { passphrase: password }) })
  } catch (cause) {
    // OpenSSL says neither key nor password, but neither what is wrong with them
    const locked = pem.includes('ENCRYPTED')
    const wanted = locked ? `the password of the private key${password === undefined ? '' : ', got a wrong one'}` : ''
    throw new SigningError('KEY', `expected ${wanted || `a private key in PKCS#8 PEM: ${MAKE_ONE}`}`, cause)
  }
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (key.asymmetricKeyType !== 'ec' || curve !== 'prime256v1')
    throw new SigningError(
      'KEY',
      `expected an ECDSA key on P-256, got ${curve ?? key.asymmetricKeyType ?? 'another'}: ${MAKE_ONE}`,
    )
  return key
}
