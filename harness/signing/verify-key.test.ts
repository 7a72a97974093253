import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { FormatError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { json } from '../testing/oci-samples.ts'
import { attached, codeOf, judge, PAYLOAD, STATEMENT, trustIn, type Asked } from '../testing/signing-judge.ts'
import * as samples from '../testing/signing-samples.ts'
import type { Trust } from './trust.ts'
import type { Outcome } from './outcome.ts'

let authority: samples.SampleAuthority
let trust: Trust
beforeAll(async () => {
  authority = await samples.openSampleAuthority()
  trust = trustIn(authority.root)
})

const bundle = async () =>
  attached('bundle', json(samples.sampleBundle(STATEMENT, await authority.signEnvelope(STATEMENT))))
const ask = (...[one, signers, against = trust]: Asked): Promise<Outcome> => judge(one, against, signers)
const codeFor = async (...asked: Asked): Promise<HarnessCode | 'valid'> => codeOf(await ask(...asked))

describe('a signature by a key', () => {
  const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
  const hintOf = (key: KeyObject): string => createHash('sha256').update(samples.spki(key)).digest('base64')
  const idOf = (key: KeyObject): string => createHash('sha256').update(samples.spki(key)).digest('hex')
  const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const made = [
    ['P-256', p256, 'sha256'],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), 'sha384'],
    ['P-384 with SHA-256', generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), 'sha256'],
    ['Ed25519', generateKeyPairSync('ed25519'), null],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
  ] as const

  it.each(made)('of %s is valid in either form', async (_, { privateKey, publicKey }, hash) => {
    const signers = [{ publicKey: pemOf(other.publicKey) }, { publicKey: pemOf(publicKey) }]
    const one = attached('bundle', json(samples.keyedBundle(STATEMENT, privateKey, { hint: hintOf(publicKey), hash })))
    const valid = { outcome: 'valid', signer: { key: idOf(publicKey) } }
    expect(await ask(one, signers)).toMatchObject({ ...valid, format: 'bundle' })
    const signature = sign(hash, PAYLOAD, privateKey).toString('base64')
    const annotations = { 'dev.cosignproject.cosign/signature': signature }
    expect(await ask(attached('legacy-signature', PAYLOAD, annotations), signers)).toMatchObject(valid)
  })

  it('is that of somebody else, or broken', async () => {
    const signers = [{ publicKey: pemOf(other.publicKey) }]
    const bundled = (hint: string) =>
      attached('bundle', json(samples.keyedBundle(STATEMENT, p256.privateKey, { hint })))
    expect(await codeFor(bundled(hintOf(p256.publicKey)), signers)).toBe('IDENTITY')
    expect(await codeFor(bundled(hintOf(p256.publicKey)))).toBe('IDENTITY')
    expect(await codeFor(bundled(hintOf(other.publicKey)), signers)).toBe('SIGNATURE')
    expect(await codeFor(bundled(''), signers)).toBe('SIGNATURE')
    expect(await codeFor(bundled('any name'), [{ publicKey: pemOf(p256.publicKey) }])).toBe('valid')
  })

  it('has entries of a known log that hold, and of others none', async () => {
    const { privateKey, publicKey } = p256
    const signers = [{ publicKey: pemOf(publicKey) }]
    const keyed = samples.keyedBundle(STATEMENT, privateKey) as { verificationMaterial: object; dsseEnvelope: object }
    const { entry } = await authority.signEnvelope(STATEMENT)
    const withEntry = attached(
      'bundle',
      json({
        ...keyed,
        verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [samples.bundledEntry(entry)] },
      }),
    )
    expect(await codeFor(withEntry, signers)).toBe('SIGNATURE')
    expect(await codeFor(withEntry, signers, trustIn((await samples.openSampleAuthority()).root))).toBe('valid')
  })

  it('is in the log by its own key', async () => {
    const { privateKey, publicKey } = p256
    const keyed = samples.keyedBundle(STATEMENT, privateKey) as { dsseEnvelope: { signatures: { sig: string }[] } }
    const signature = Buffer.from(keyed.dsseEnvelope.signatures[0]?.sig ?? '', 'base64')
    const codes = await Promise.all(
      [publicKey, other.publicKey].map(async (key) => {
        const entry = samples.bundledEntry(await authority.logEnvelope(STATEMENT, signature, pemOf(key)))
        const verificationMaterial = { publicKey: { hint: '' }, tlogEntries: [entry] }
        const one = attached('bundle', json({ ...keyed, verificationMaterial }))
        return codeFor(one, [{ publicKey: pemOf(publicKey) }])
      }),
    )
    expect(codes).toEqual(['valid', 'SIGNATURE'])
  })

  it('does not make a certificate of it any better', async () => {
    const { certificate } = await authority.signPayload(PAYLOAD)
    const signed = await authority.signEnvelope(STATEMENT)
    const unlogged = samples.sampleBundle(STATEMENT, { ...signed, certificate })
    Object.assign(unlogged['verificationMaterial'] as object, { tlogEntries: [] })
    const one = attached('bundle', json(unlogged))
    expect(await codeFor(one, [{ publicKey: pemOf(p256.publicKey) }])).toBe('SIGNATURE')
    expect(await codeFor(bundle(), [{ publicKey: pemOf(p256.publicKey) }])).toBe('IDENTITY')
  })

  it('must be of a key that can be read and is strong', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    const check = (publicKey: string) => ask(attached('bundle', json({})), [{ publicKey }])
    expect((await expectCode(() => check(pemOf(weak)), FormatError, 'UNSUPPORTED')).message).toMatch(/rsa 1024$/)
    await expectCode(() => check('-----BEGIN PUBLIC KEY-----\n'), FormatError, 'MALFORMED')
    const secret = p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await expectCode(() => check(secret), FormatError, 'MALFORMED')
    const signers = [{ issuer: samples.ISSUER, subjectPattern: 'a)|(?:b' }]
    await expectCode(() => ask(attached('bundle', json({})), signers), FormatError, 'MALFORMED')
  })
})
