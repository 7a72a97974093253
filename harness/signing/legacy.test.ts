import { describe, expect, it } from 'vitest'
import type { Digest } from '../bytes/digest.ts'
import { FormatError, HarnessError, SchemaError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { json } from '../testing/oci-samples.ts'
import { envelope, openSampleAuthority, legacyAnnotations, simpleSigning } from '../testing/signing-samples.ts'
import { envelopeBundle, signatureBundle } from './legacy.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest
const AT = { path: 'x' }
const PAYLOAD = simpleSigning(DIGEST)
const SIGNATURE = 'dev.cosignproject.cosign/signature'
const CERTIFICATE = 'dev.sigstore.cosign/certificate'
const BUNDLE = 'dev.sigstore.cosign/bundle'
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp'

const valid = legacyAnnotations(await (await openSampleAuthority()).signPayload(PAYLOAD))
const entry = JSON.parse(valid[BUNDLE] ?? '') as { Payload: { body: string } }
const withEntry = (change: object): Record<string, string> => ({
  [BUNDLE]: JSON.stringify({ ...entry, Payload: { ...entry.Payload, ...change } }),
})

describe('signatureBundle', () => {
  it('is a bundle of version 0.1', () => {
    expect(signatureBundle(PAYLOAD, valid, AT)).toMatchObject({
      mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
      verificationMaterial: {
        x509CertificateChain: { certificates: [{ rawBytes: expect.any(String) as string }] },
        tlogEntries: [
          { kindVersion: { kind: 'hashedrekord', version: '0.0.1' }, canonicalizedBody: entry.Payload.body },
        ],
      },
      messageSignature: { messageDigest: { algorithm: 'SHA2_256' }, signature: valid[SIGNATURE] },
    })
  })

  it('is one of a key where there is no certificate, without entries where there are none', () => {
    const keyed = { ...valid, [CERTIFICATE]: '', [BUNDLE]: '', [TIMESTAMP]: '' }
    expect(signatureBundle(PAYLOAD, keyed, AT).verificationMaterial).toMatchObject({
      publicKey: { hint: '' },
      tlogEntries: [],
      timestampVerificationData: undefined,
    })
  })

  it.each<[string, Record<string, string>, new (...args: never[]) => HarnessError, HarnessCode]>([
    ['no signature', { [SIGNATURE]: '' }, FormatError, 'MALFORMED'],
    ['a certificate that is none', { [CERTIFICATE]: 'x' }, FormatError, 'MALFORMED'],
    ['too much of a certificate', { [CERTIFICATE]: ' '.repeat(300_000) }, FormatError, 'LIMIT_EXCEEDED'],
    ['an entry that is no JSON', { [BUNDLE]: '{' }, FormatError, 'MALFORMED'],
    ['an entry without content', { [BUNDLE]: '{}' }, SchemaError, 'SCHEMA'],
    ['too much of an entry', { [BUNDLE]: ' '.repeat(300_000) }, FormatError, 'LIMIT_EXCEEDED'],
    ['an entry with a body that is no JSON', withEntry({ body: 'AAAA' }), FormatError, 'MALFORMED'],
    ['an entry of no kind', withEntry({ body: 'e30=' }), SchemaError, 'SCHEMA'],
    ['an entry of no log', withEntry({ logID: 'x' }), SchemaError, 'SCHEMA'],
    ['an entry of a fraction of a second', withEntry({ integratedTime: 1.5 }), SchemaError, 'SCHEMA'],
    ['a timestamp that is none', { [TIMESTAMP]: '{}' }, SchemaError, 'SCHEMA'],
  ])('refuses %s', async (_, change, Class, code) => {
    const error = await expectCode(() => signatureBundle(PAYLOAD, { ...valid, ...change }, AT), Class, code)
    expect(error.at).toMatchObject(AT)
  })
})

describe('envelopeBundle', () => {
  it('has the envelope', () => {
    const made = envelope(PAYLOAD, Buffer.from('s'))
    expect(envelopeBundle(json(made), valid, AT)).toMatchObject({ dsseEnvelope: made })
  })

  it('refuses what is none, and more than one signature', async () => {
    const two = { ...envelope(PAYLOAD, Buffer.from('s')), signatures: [{ sig: '' }, { sig: '' }] }
    for (const value of [{}, two])
      expect(await expectCode(() => envelopeBundle(json(value), valid, AT), SchemaError, 'SCHEMA')).toMatchObject({
        at: AT,
      })
  })
})
