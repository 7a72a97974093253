import { describe, expect, it } from 'vitest'
import { toLegacyAnnotations } from './legacy.ts'

const LEAF = Buffer.alloc(60, 'leaf').toString('base64')
const ENTRY = {
  logIndex: '12',
  logId: { keyId: Buffer.from('00ff', 'hex').toString('base64') },
  kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
  integratedTime: '1700000000',
  inclusionPromise: { signedEntryTimestamp: 'c2V0' },
  inclusionProof: undefined,
  canonicalizedBody: 'Ym9keQ==',
}
const COMMON = {
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  messageSignature: { messageDigest: undefined, signature: 'c2ln' },
  dsseEnvelope: undefined,
}
const certificate = { rawBytes: LEAF }

describe('toLegacyAnnotations', () => {
  it('writes certificate, log entry and timestamp as cosign 2 does', () => {
    const annotations = toLegacyAnnotations({
      ...COMMON,
      verificationMaterial: {
        certificate,
        x509CertificateChain: undefined,
        publicKey: undefined,
        tlogEntries: [ENTRY],
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'dHM=' }] },
      },
    })
    expect(annotations).toEqual({
      'dev.cosignproject.cosign/signature': 'c2ln',
      'dev.sigstore.cosign/certificate': `-----BEGIN CERTIFICATE-----\n${LEAF.slice(0, 64)}\n${LEAF.slice(64)}\n-----END CERTIFICATE-----\n`,
      'dev.sigstore.cosign/bundle':
        '{"SignedEntryTimestamp":"c2V0","Payload":{"body":"Ym9keQ==","integratedTime":1700000000,"logIndex":12,"logID":"00ff"}}',
      'dev.sigstore.cosign/rfc3161timestamp': '{"SignedRFC3161Timestamp":"dHM="}',
    })
  })

  it('takes the leaf of a chain', () => {
    const { 'dev.sigstore.cosign/certificate': leaf } = toLegacyAnnotations({
      ...COMMON,
      verificationMaterial: {
        certificate: undefined,
        x509CertificateChain: { certificates: [certificate, { rawBytes: 'b3RoZXI=' }] },
        publicKey: undefined,
        tlogEntries: [],
        timestampVerificationData: undefined,
      },
    })
    expect(leaf).toContain(LEAF.slice(0, 64))
    expect(leaf).not.toContain('b3RoZXI=')
  })

  it('says no more than a key does', () => {
    const verificationMaterial = {
      certificate: undefined,
      x509CertificateChain: undefined,
      publicKey: { hint: 'x' },
      tlogEntries: [],
      timestampVerificationData: undefined,
    }
    expect(toLegacyAnnotations({ ...COMMON, verificationMaterial })).toEqual({
      'dev.cosignproject.cosign/signature': 'c2ln',
    })
  })
})
