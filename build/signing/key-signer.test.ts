import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { keySigner } from './key-signer.ts'
import { preAuthenticationEncoding, SigningError } from './signer.ts'

const PAYLOAD = Buffer.from('payload')
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' })
const LOCKED = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' })

function refusal(pem: string, password?: string): string {
  try {
    return keySigner(pem, password).name
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return `${error.code} ${error.message} ${inspect(error.cause, { depth: 9 })}`
  }
}

describe('keySigner', () => {
  it('signs bytes', async () => {
    const { messageSignature, mediaType, dsseEnvelope } = await keySigner(PEM).signBytes(PAYLOAD)
    expect(mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json')
    expect(dsseEnvelope).toBeUndefined()
    expect(messageSignature?.messageDigest?.digest).toBe(createHash('sha256').update(PAYLOAD).digest('base64'))
    const signature = Buffer.from(messageSignature?.signature ?? '', 'base64')
    expect(verify('sha256', PAYLOAD, publicKey, signature)).toBe(true)
  })

  it('signs an envelope over its type as well', async () => {
    const { dsseEnvelope } = await keySigner(PEM).signEnvelope('a/b', PAYLOAD)
    expect(dsseEnvelope).toMatchObject({ payloadType: 'a/b', payload: PAYLOAD.toString('base64') })
    const signature = Buffer.from(dsseEnvelope?.signatures[0]?.sig ?? '', 'base64')
    expect(preAuthenticationEncoding('a/b', PAYLOAD).toString()).toBe('DSSEv1 3 a/b 7 payload')
    expect(verify('sha256', Buffer.from('DSSEv1 3 a/b 7 payload'), publicKey, signature)).toBe(true)
  })

  it('is named by its public key, and so are its bundles', async () => {
    const signer = keySigner(PEM)
    const { verificationMaterial } = await signer.signBytes(PAYLOAD)
    const hint = Buffer.from(verificationMaterial.publicKey?.hint ?? '', 'base64')
    expect(signer.name).toBe(`key sha256:${hint.toString('hex')}`)
    expect(hint).toHaveLength(32)
  })

  it('takes an encrypted key and one of SEC 1', async () => {
    const sec1 = privateKey.export({ type: 'sec1', format: 'pem' })
    const names = [keySigner(PEM), keySigner(LOCKED, 'right'), keySigner(sec1)].map(({ name }) => name)
    expect(new Set(names).size).toBe(1)
  })

  it('asks for the right password', () => {
    expect(refusal(LOCKED)).toMatch(/^KEY expected the password of the private key .*\n/)
    expect(refusal(LOCKED, 'wrong')).toMatch(/^KEY expected the password of the private key, got a wrong one /)
    expect(refusal(LOCKED, 'wrong')).not.toContain("'wrong'")
  })

  it.for([
    ['a key on another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'secp384r1'],
    ['a key of another kind', generateKeyPairSync('ed25519').privateKey, 'ed25519'],
  ] as const)('refuses %s', ([, key, got]) => {
    expect(refusal(key.export({ type: 'pkcs8', format: 'pem' }))).toMatch(
      `KEY expected an ECDSA key on P-256, got ${got}: \`openssl genpkey`,
    )
  })

  it('refuses a public key and what is no key', () => {
    const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
    const broken = PEM.toString().replace(/\n.*\n/, '\n')
    for (const text of [pem, 'not a\nkey at\nall\n', broken]) {
      expect(refusal(text)).toMatch('KEY expected a private key in PKCS#8 PEM')
      expect(refusal(text)).not.toContain(text.split('\n').at(-3))
    }
  })

  it("says how to come by a key where it is given cosign's own", () => {
    const pem =
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJrZGYi\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n'
    expect(refusal(pem)).toMatch(/cosign's own encrypted format: .*openssl genpkey.*cosign import-key-pair/)
  })
})
