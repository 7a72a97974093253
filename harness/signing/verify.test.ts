import { createHash, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Digest } from '../bytes/digest.ts'
import { FormatError, type HarnessCode } from '../errors.ts'
import { json } from '../testing/oci-samples.ts'
import {
  AT,
  attached,
  codeOf,
  DIGEST,
  judge,
  PAYLOAD,
  SIGNER,
  STATEMENT,
  trustIn,
  type Asked,
} from '../testing/signing-judge.ts'
import * as samples from '../testing/signing-samples.ts'
import type { TrustedSigner } from './signer.ts'
import type { Trust } from './trust.ts'
import { isSignature, type Outcome } from './outcome.ts'
import { COSIGN_SIGN } from './statement.ts'
import { verifyAttachments } from './verify.ts'

const { ISSUER, SUBJECT } = samples
const OTHER = `sha256:${'cd'.repeat(32)}` as Digest

let authority: samples.SampleAuthority
let trust: Trust
beforeAll(async () => {
  authority = await samples.openSampleAuthority()
  trust = trustIn(authority.root)
})

const legacy = async (payload: Uint8Array = PAYLOAD, options: samples.SampleOptions = {}) =>
  attached('legacy-signature', payload, samples.legacyAnnotations(await authority.signPayload(payload, options)))
const bundle = async (payload: Uint8Array = STATEMENT, options: samples.SampleOptions = {}) =>
  attached('bundle', json(samples.sampleBundle(payload, await authority.signEnvelope(payload, options))))

const ask = (...[one, signers, against = trust]: Asked): Promise<Outcome> => judge(one, against, signers)
const codeFor = async (...asked: Asked): Promise<HarnessCode | 'valid'> => codeOf(await ask(...asked))

describe('a signature with a certificate', () => {
  it('is valid in either form', async () => {
    const now = expect.any(Date) as Date
    expect(await ask(legacy())).toMatchObject({
      outcome: 'valid',
      signer: SIGNER,
      format: 'legacy',
      signedAt: now,
    })
    const outcome = await ask(bundle())
    expect(outcome).toMatchObject({ outcome: 'valid', signer: SIGNER, format: 'bundle', signedAt: now })
    expect(outcome).toMatchObject({ statement: { predicateType: COSIGN_SIGN } })
    expect(isSignature(outcome)).toBe(true)
  })

  it('is valid as an attestation of an .att tag', async () => {
    const payload = samples.sampleStatement(DIGEST, { predicateType: 'https://slsa.dev/provenance/v1' })
    const signed = await authority.signEnvelope(payload)
    const bytes = json(samples.envelope(payload, signed.signature))
    const outcome = await ask(attached('legacy-attestation', bytes, samples.legacyAnnotations(signed)))
    expect(outcome).toMatchObject({ outcome: 'valid', format: 'legacy' })
    expect(isSignature(outcome)).toBe(false)
  })

  it('is valid with a timestamp, which counts where it is the earlier one', async () => {
    const signed = await authority.signPayload(PAYLOAD)
    const stamp = JSON.stringify({ SignedRFC3161Timestamp: await authority.timestamp(signed.signature) })
    const annotations = { ...samples.legacyAnnotations(signed), 'dev.sigstore.cosign/rfc3161timestamp': stamp }
    expect(await ask(attached('legacy-signature', PAYLOAD, annotations))).toMatchObject({ outcome: 'valid' })
    const other = JSON.stringify({ SignedRFC3161Timestamp: await authority.timestamp(Buffer.from('other')) })
    const corrupted = { ...annotations, 'dev.sigstore.cosign/rfc3161timestamp': other }
    expect(await codeFor(attached('legacy-signature', PAYLOAD, corrupted))).toBe('SIGNATURE')
  })

  it.each<[string, string]>([
    ['another payload', 'payload'],
    ['another signature', 'signature'],
    ['another certificate', 'dev.sigstore.cosign/certificate'],
    ['the entry of another', 'dev.sigstore.cosign/bundle'],
  ])('is invalid with %s', async (_, part) => {
    const one = await legacy()
    const other = await legacy(samples.simpleSigning(OTHER))
    const corrupted =
      part === 'payload'
        ? { ...one, bytes: Buffer.concat([PAYLOAD, Buffer.from(' ')]) }
        : { ...one, annotations: { ...one.annotations, [part]: other.annotations[part] ?? '' } }
    if (part === 'signature')
      corrupted.annotations = {
        ...one.annotations,
        'dev.cosignproject.cosign/signature': other.annotations['dev.cosignproject.cosign/signature'] ?? '',
      }
    expect(await codeFor(corrupted)).toBe('SIGNATURE')
  })

  it('is invalid without its log, its time, or the log of certificates', async () => {
    const signed = await authority.signPayload(PAYLOAD)
    const { 'dev.sigstore.cosign/bundle': _, ...annotations } = samples.legacyAnnotations(signed)
    expect(await codeFor(attached('legacy-signature', PAYLOAD, annotations))).toBe('SIGNATURE')
    const envelope = await authority.signEnvelope(STATEMENT)
    const made = samples.sampleBundle(STATEMENT, envelope)
    const { tlogEntries } = made['verificationMaterial'] as { tlogEntries: object[] }
    const rfc3161Timestamps = [{ signedTimestamp: await authority.timestamp(envelope.signature) }]
    const onlyStamped = { ...(made['verificationMaterial'] as object), tlogEntries: [] }
    const unlogged = {
      ...made,
      verificationMaterial: { ...onlyStamped, timestampVerificationData: { rfc3161Timestamps } },
    }
    expect(await codeFor(attached('bundle', json(unlogged)))).toBe('SIGNATURE')
    // With a proof alone nothing says when it was logged.
    Object.assign(tlogEntries[0] ?? {}, { inclusionPromise: undefined })
    expect(await codeFor(attached('bundle', json(made)))).toBe('SIGNATURE')
    expect(await codeFor(bundle(STATEMENT, { stamped: false }))).toBe('SIGNATURE')
  })

  it('is invalid where the log has it from somebody else', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const loggedKey = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const foreign = (await authority.signPayload(PAYLOAD)).certificate
    for (const key of [loggedKey, foreign, 'no PEM']) {
      expect(await codeFor(legacy(PAYLOAD, { loggedKey: key }))).toBe('SIGNATURE')
      expect(await codeFor(bundle(STATEMENT, { loggedKey: key }))).toBe('SIGNATURE')
    }
  })

  it('is invalid by another authority, and cannot be determined without one', async () => {
    const otherSigner = await samples.openSampleAuthority()
    expect(await codeFor(legacy(), [SIGNER], trustIn(otherSigner.root))).toBe('SIGNATURE')
    for (const part of ['certificateAuthorities', 'tlogs', 'ctlogs'] as const) {
      const outcome = await ask(legacy(), [SIGNER], trustIn({ ...authority.root, [part]: [] }))
      expect(outcome).toMatchObject({ outcome: 'unknown', error: { code: 'TRUST_ROOT', at: AT } })
    }
  })

  it.each<[string, TrustedSigner, boolean]>([
    ['a pattern of the whole subject', { issuer: ISSUER, subjectPattern: 'https://github\\.com/you/.*' }, true],
    ['a pattern of a part', { issuer: ISSUER, subjectPattern: 'github\\.com/you' }, false],
    ['a pattern with an open end', { issuer: ISSUER, subjectPattern: 'x|main' }, false],
    ['another subject', { issuer: ISSUER, subject: SUBJECT.slice(0, -1) }, false],
    ['another case', { issuer: ISSUER, subject: SUBJECT.toUpperCase() }, false],
    ['another issuer', { issuer: `${ISSUER}/`, subject: SUBJECT }, false],
    ['another issuer for a pattern', { issuer: 'https://x.example', subjectPattern: '.*' }, false],
  ])('is held against %s', async (_, signer, isTrusted) => {
    expect(await codeFor(bundle(), [signer])).toBe(isTrusted ? 'valid' : 'IDENTITY')
  })

  it('is no e-mail address that is written as a URI', async () => {
    const subject = 'you@example.com'
    expect(await codeFor(bundle(STATEMENT, { subject }), [{ issuer: ISSUER, subject }])).toBe('IDENTITY')
  })

  it.each<[string, Buffer, HarnessCode]>([
    ['another image', samples.simpleSigning(OTHER), 'SUBJECT'],
    ['nothing', samples.simpleSigning(DIGEST, {}), 'SUBJECT'],
    ['capitals', samples.simpleSigning(DIGEST, { 'Docker-manifest-digest': DIGEST }), 'SUBJECT'],
    [
      'both',
      samples.simpleSigning(DIGEST, { 'docker-manifest-digest': DIGEST, 'Docker-Manifest-Digest': OTHER }),
      'SUBJECT',
    ],
    ['another type', json({ critical: { image: { 'docker-manifest-digest': DIGEST }, type: 'x' } }), 'SUBJECT'],
    ['no document', json({}), 'SCHEMA'],
    ['no JSON', Buffer.from('{'), 'MALFORMED'],
    ['too much', Buffer.alloc((1 << 20) + 1, ' '), 'LIMIT_EXCEEDED'],
  ])('of a payload that says %s is none of the image', async (_, payload, code) => {
    expect(await codeFor(legacy(payload))).toBe(code)
  })

  it.each<[string, object, HarnessCode]>([
    ['another image', { subject: [{ digest: { sha256: OTHER.slice(7) } }] }, 'SUBJECT'],
    ['another algorithm', { subject: [{ digest: { sha512: DIGEST.slice(7) } }] }, 'SUBJECT'],
    ['no subject', { subject: [] }, 'SCHEMA'],
    ['another version', { _type: 'https://in-toto.io/Statement/v2' }, 'UNSUPPORTED'],
    ['no predicate type', { predicateType: undefined }, 'SCHEMA'],
  ])('of a statement with %s is none of the image', async (_, change, code) => {
    expect(await codeFor(bundle(samples.sampleStatement(DIGEST, change)))).toBe(code)
  })

  it('cannot be determined where it is a bundle over other bytes, or a statement of another version', async () => {
    const { signature, certificate, entry } = await authority.signPayload(PAYLOAD)
    const made = samples.sampleBundle(STATEMENT, { signature, certificate, entry })
    const messageDigest = { algorithm: 'SHA2_256', digest: createHash('sha256').update(PAYLOAD).digest('base64') }
    const messageSignature = { messageDigest, signature: signature.toString('base64') }
    const other = json({ ...made, dsseEnvelope: undefined, messageSignature })
    const later = samples.sampleStatement(DIGEST, { _type: 'https://in-toto.io/Statement/v2' })
    for (const one of [attached('bundle', other), await bundle(later)])
      expect(await ask(one)).toMatchObject({ outcome: 'unknown', error: { code: 'UNSUPPORTED' } })
  })

  it('is for statements alone', async () => {
    const payloadType = 'application/json'
    const signed = await authority.signEnvelope(STATEMENT, { payloadType })
    const one = attached('bundle', json(samples.sampleBundle(STATEMENT, signed, payloadType)))
    expect(await codeFor(one)).toBe('SUBJECT')
  })
})

describe('many', () => {
  it('have an outcome each, documents none', async () => {
    const broken = {
      ...attached('unreadable', Buffer.alloc(0)),
      error: new FormatError('x', 'MALFORMED', 'y', { at: AT }),
    }
    const found = [await legacy(), attached('document', json({})), attached('bundle', json({})), broken]
    const outcomes = await verifyAttachments(found, { digest: DIGEST, trust, signers: [SIGNER] })
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['valid', 'invalid', 'invalid'])
    expect(outcomes.map(isSignature)).toEqual([true, true, true])
    const claimed = await ask(bundle(samples.sampleStatement(OTHER, { predicateType: 'https://x.example' })))
    expect(claimed).toMatchObject({ outcome: 'invalid', predicateType: 'https://x.example' })
    expect(isSignature(claimed)).toBe(false)
  })

  it('are not too many', async () => {
    const found = Array.from({ length: 101 }, () => attached('bundle', json({})))
    const outcomes = await verifyAttachments(found, { digest: DIGEST, trust, signers: [SIGNER] })
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'unknown', error: { code: 'LIMIT_EXCEEDED' } })
  })
})
