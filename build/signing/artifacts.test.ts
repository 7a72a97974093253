import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { OCI_INDEX } from '#harness/oci/image/media-types.ts'
import { documentManifest, legacyAttestationManifest, signatureManifests, type PushManifest } from './artifacts.ts'
import { keySigner } from './key-signer.ts'
import { spdxStatement } from './statements.ts'

const SUBJECT = { mediaType: OCI_INDEX, size: 7, digest: digestOf(Buffer.from('subject')) }
const HEX = SUBJECT.digest.slice('sha256:'.length)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signer = keySigner(privateKey.export({ type: 'pkcs8', format: 'pem' }))

const parse = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString())
const blob = ({ blobs }: PushManifest, mediaType: string) =>
  blobs.find((one) => one.mediaType === mediaType)?.bytes ?? new Uint8Array()

// The shape that cosign 2.5.0 pushes with `cosign attest`, but that its statements are of in-toto's v0.1.
describe('legacyAttestationManifest', () => {
  it('writes the tag of cosign 2, a layer for each envelope', async () => {
    const statements = ['a', 'b'].map((name) => spdxStatement(SUBJECT.digest, { spdxVersion: 'SPDX-2.3', name }))
    const made = await legacyAttestationManifest(SUBJECT, statements, signer)
    expect(made).toMatchObject({ tag: `sha256-${HEX}.att`, digest: digestOf(made.bytes) })
    const { config, layers } = parse(made.bytes)
    expect(config.mediaType).toBe('application/vnd.oci.image.config.v1+json')
    const envelopes = made.blobs.filter(({ mediaType }) => mediaType === 'application/vnd.dsse.envelope.v1+json')
    expect(layers).toEqual(
      envelopes.map(({ digest, bytes }) => ({
        mediaType: 'application/vnd.dsse.envelope.v1+json',
        size: bytes.length,
        digest,
        annotations: { 'dev.cosignproject.cosign/signature': '', predicateType: 'https://spdx.dev/Document' },
      })),
    )
    for (const [at, { bytes }] of envelopes.entries()) {
      const { payloadType, payload, signatures } = parse(bytes)
      expect([payloadType, signatures]).toEqual([
        'application/vnd.in-toto+json',
        [expect.objectContaining({ keyid: '' })],
      ])
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject(statements[at] ?? {})
    }
  })
})

describe('signatureManifests', async () => {
  const created = new Date('2026-01-02T03:04:05.678Z')
  const [legacy, bundle] = (await signatureManifests(SUBJECT, 'example.com/a/b', signer, { created })) as [
    PushManifest,
    PushManifest,
  ]

  it('writes the tag of cosign 2', () => {
    const payload = blob(legacy, 'application/vnd.dev.cosign.simplesigning.v1+json')
    expect(legacy).toMatchObject({ tag: `sha256-${HEX}.sig`, digest: digestOf(legacy.bytes) })
    expect(legacy.subject).toBeUndefined()
    expect(parse(payload)).toEqual({
      critical: {
        identity: { 'docker-reference': 'example.com/a/b' },
        image: { 'docker-manifest-digest': SUBJECT.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    })
    const manifest = parse(legacy.bytes)
    expect(manifest.layers).toEqual([
      {
        mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
        size: payload.length,
        digest: digestOf(payload),
        annotations: { 'dev.cosignproject.cosign/signature': expect.stringMatching(/^MEU|^MEQ|^MEY/) },
      },
    ])
    const config = blob(legacy, 'application/vnd.oci.image.config.v1+json')
    expect(parse(config).rootfs.diff_ids).toEqual([digestOf(payload)])
    expect(manifest.config).toEqual({
      mediaType: 'application/vnd.oci.image.config.v1+json',
      size: config.length,
      digest: digestOf(config),
    })
  })

  it('writes the referrer of cosign 3', () => {
    const type = 'application/vnd.dev.sigstore.bundle.v0.3+json'
    const content = blob(bundle, type)
    expect(bundle.tag).toBeUndefined()
    expect(bundle).toMatchObject({ subject: SUBJECT, artifactType: type, digest: digestOf(bundle.bytes) })
    expect(parse(bundle.bytes)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: type,
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        size: 2,
        digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      },
      layers: [{ mediaType: type, size: content.length, digest: digestOf(content) }],
      subject: SUBJECT,
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
        'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      },
    })
    const { mediaType, dsseEnvelope, verificationMaterial } = parse(content)
    expect(mediaType).toBe(type)
    expect(verificationMaterial).toEqual({ publicKey: { hint: expect.any(String) }, tlogEntries: [] })
    expect(dsseEnvelope.payloadType).toBe('application/vnd.in-toto+json')
    expect(Buffer.from(dsseEnvelope.payload, 'base64').toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${HEX}"},"annotations":{}}],` +
        '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}',
    )
  })
})

describe('documentManifest', () => {
  it('writes the same bytes for the same document, and nothing of the subject but what names it', () => {
    const document = {
      artifactType: 'application/x.report',
      mediaType: 'application/json',
      bytes: Buffer.from('{"a":1}'),
    }
    const manifest = documentManifest({ ...SUBJECT, annotations: { a: 'b' }, urls: ['https://x'] }, document)
    expect(manifest.bytes).toEqual(documentManifest(SUBJECT, document).bytes)
    expect(parse(manifest.bytes)).toMatchObject({
      artifactType: 'application/x.report',
      layers: [{ mediaType: 'application/json', size: 7 }],
      subject: SUBJECT,
    })
    expect(parse(manifest.bytes).annotations).toBeUndefined()
  })
})
