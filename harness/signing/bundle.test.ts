import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Digest } from '../bytes/digest.ts'
import { readAll } from '../bytes/source.ts'
import { FormatError, HarnessError, SchemaError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { json } from '../testing/oci-samples.ts'
import * as samples from '../testing/signing-samples.ts'
import type { Attachment } from './attachments.ts'
import { parseBundle } from './bundle.ts'
import { parseTrustedRoot, type Trust } from './trust.ts'
import { verifyAttachments } from './verify.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest
const AT = { path: 'x' }
const STATEMENT = samples.sampleStatement(DIGEST)
const PAYLOAD = samples.simpleSigning(DIGEST)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

let made: { readonly trust: Trust; readonly keyless: object; readonly annotations: Record<string, string> }
beforeAll(async () => {
  const authority = await samples.openSampleAuthority()
  const signed = await authority.signPayload(PAYLOAD)
  const stamp = JSON.stringify({ SignedRFC3161Timestamp: await authority.timestamp(signed.signature) })
  made = {
    trust: parseTrustedRoot(json(authority.root), 'root.json'),
    keyless: samples.sampleBundle(STATEMENT, await authority.signEnvelope(STATEMENT)),
    annotations: { ...samples.legacyAnnotations(signed), 'dev.sigstore.cosign/rfc3161timestamp': stamp },
  }
})

describe('parseBundle', () => {
  const keyed = samples.keyedBundle(STATEMENT, privateKey) as Record<'verificationMaterial' | 'dsseEnvelope', object>

  it.each([
    'application/vnd.dev.sigstore.bundle+json;version=0.1',
    'application/vnd.dev.sigstore.bundle+json;version=0.2',
    'application/vnd.dev.sigstore.bundle+json;version=0.3',
    'application/vnd.dev.sigstore.bundle.v0.3+json',
  ])('reads %s', (mediaType) => {
    expect(parseBundle(json({ ...keyed, mediaType }), AT)).toMatchObject({
      mediaType,
      content: { $case: 'dsseEnvelope' },
    })
  })

  const material = (change: object): object => ({ verificationMaterial: { ...keyed.verificationMaterial, ...change } })
  const list = (length: number, one: object = {}): readonly object[] => Array.from({ length }, () => one)

  it.each<[string, object, new (...args: never[]) => HarnessError, HarnessCode]>([
    ['another version', { mediaType: 'application/vnd.dev.sigstore.bundle.v0.4+json' }, FormatError, 'UNSUPPORTED'],
    ['another type', { mediaType: 'application/json' }, FormatError, 'MALFORMED'],
    ['no type', { mediaType: undefined }, SchemaError, 'SCHEMA'],
    ['no content', { dsseEnvelope: undefined }, FormatError, 'MALFORMED'],
    [
      'two contents',
      { messageSignature: { messageDigest: { digest: 'AAAA' }, signature: 'AAAA' } },
      FormatError,
      'MALFORMED',
    ],
    ['no signer', material({ publicKey: undefined }), FormatError, 'MALFORMED'],
    ['a key and a certificate', material({ certificate: { rawBytes: 'AAAA' } }), FormatError, 'MALFORMED'],
    ['an empty certificate', material({ publicKey: null, certificate: { rawBytes: '' } }), FormatError, 'MALFORMED'],
    ['an incomplete entry', material({ tlogEntries: [{}] }), FormatError, 'MALFORMED'],
    ['an entry of a type', material({ tlogEntries: [{ logId: 7 }] }), FormatError, 'MALFORMED'],
    ['many entries (GHSA-cq38-jh5f-37mq)', material({ tlogEntries: list(9) }), SchemaError, 'SCHEMA'],
    ['many timestamps', material({ timestampVerificationData: { rfc3161Timestamps: list(9) } }), SchemaError, 'SCHEMA'],
    [
      'many certificates',
      material({ publicKey: null, x509CertificateChain: { certificates: list(11, { rawBytes: 'AAAA' }) } }),
      SchemaError,
      'SCHEMA',
    ],
    ['many signatures', { dsseEnvelope: { ...keyed.dsseEnvelope, signatures: list(9) } }, SchemaError, 'SCHEMA'],
    ['two signatures', { dsseEnvelope: { ...keyed.dsseEnvelope, signatures: list(2) } }, FormatError, 'MALFORMED'],
  ])('refuses %s', async (_, change, Class, code) => {
    const error = await expectCode(() => parseBundle(json({ ...keyed, ...change }), AT), Class, code)
    expect(error.at?.path).toBe('x')
  })

  it.for([
    ['by the name in the .proto file', { dsse_envelope: {} }, '/dsse_envelope'],
    ['in capitals', { MediaType: 'x' }, '/MediaType'],
  ] as const)('refuses a field %s', async ([, added, pointer]) => {
    const error = await expectCode(() => parseBundle(json({ ...keyed, ...added }), AT), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ ...AT, pointer })
  })

  it('refuses what is no JSON, or too much', async () => {
    await expectCode(() => parseBundle(Buffer.from('{'), AT), FormatError, 'MALFORMED')
    const long = Buffer.alloc((24 << 20) + 1, ' ')
    expect(await expectCode(() => parseBundle(long, AT), FormatError, 'LIMIT_EXCEEDED')).toBeInstanceOf(FormatError)
  })
})

/** Verified as well, so that what the library makes of it is read too. */
async function judge(attachment: Omit<Attachment, 'mediaType'>): Promise<void> {
  const signers = [{ issuer: samples.ISSUER, subject: samples.SUBJECT }, { publicKey: pemOf() }]
  const options = { digest: DIGEST, trust: made.trust, signers }
  const [outcome] = await verifyAttachments([{ ...attachment, mediaType: 'x' }], options)
  if (outcome?.outcome !== 'valid') throw outcome?.error ?? new Error('expected an outcome')
}
const pemOf = (): string => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

describeHostile('bundle', { keyless: () => json(made.keyless) }, async (source) =>
  judge({ kind: 'bundle', bytes: await readAll(source, 1 << 20), annotations: {}, at: source.where }),
)

describeHostile('payload', { payload: () => PAYLOAD }, async (source) =>
  judge({
    kind: 'legacy-signature',
    bytes: await readAll(source, 1 << 20),
    annotations: made.annotations,
    at: source.where,
  }),
)

/** The whole map as JSON, so that damage falls on values and on what is inside of them. */
describeHostile('annotations', { annotations: () => json(made.annotations) }, async (source) => {
  const bytes = await readAll(source, 1 << 20)
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
  const annotations = Object.fromEntries(
    Object.entries(parsed ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  return judge({ kind: 'legacy-signature', bytes: PAYLOAD, annotations, at: source.where })
})
