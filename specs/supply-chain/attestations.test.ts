import { describe, expect, it } from 'vitest'
import type { Digest } from '#harness/bytes/digest.ts'
import { json } from '#harness/testing/oci-samples.ts'
import { attached, DIGEST, judge, trustIn } from '#harness/testing/signing-judge.ts'
import {
  openSampleAuthority,
  sampleBundle,
  sampleStatement,
  type SampleOptions,
} from '#harness/testing/signing-samples.ts'
import { summaries, unpassed } from './attestations.ts'

const OTHER = `sha256:${'cd'.repeat(32)}` as Digest
const VSA = 'https://slsa.dev/verification_summary'
const PREDICATE = {
  verifier: { id: 'https://github.com/you/repo' },
  timeVerified: '2026-11-27T03:00:00Z',
  resourceUri: 'pkg:oci/image',
  policy: { digest: { sha256: '0'.repeat(64) } },
  verificationResult: 'PASSED',
  verifiedLevels: [],
}
const FAILED = { verificationResult: 'FAILED' }

const authority = await openSampleAuthority()
const signed = async (payload: Buffer, options: SampleOptions = {}) =>
  judge(
    attached('bundle', json(sampleBundle(payload, await authority.signEnvelope(payload, options)))),
    trustIn(authority.root),
  )
const statement = (change: object, more: object = {}): Buffer =>
  sampleStatement(DIGEST, { predicateType: `${VSA}/v1`, predicate: { ...PREDICATE, ...change }, ...more })
const edited = (from: string | RegExp, to: string, more: object = {}): Buffer => {
  const text = statement({}, more).toString()
  const changed = text.replace(from, to)
  if (changed === text) throw new Error('expected an edit, got none')
  return Buffer.from(changed)
}
const passed = await signed(statement({}))
const RESULT = '"verificationResult":"PASSED"'

describe('a verification summary that does not say that the image passed', () => {
  it.for<[string, Buffer, object]>([
    ['says so', statement(FAILED), { result: 'FAILED' }],
    ['says so of an older time', statement({ ...FAILED, timeVerified: '2020-01-01T00:00:00Z' }), { result: 'FAILED' }],
    ['is by another verifier', statement({ ...FAILED, verifier: { id: 'x' } }), { result: 'FAILED' }],
    ['lacks its policy', statement({ ...FAILED, policy: undefined }), { result: 'FAILED' }],
    ['lacks its verifier', statement({ ...FAILED, verifier: undefined }), { result: 'FAILED' }],
    ['passed, and lacks its policy', statement({ policy: undefined }), { result: 'PASSED' }],
    ['has no result', statement({ verificationResult: undefined }), { result: undefined }],
    ['has a result in small letters', statement({ verificationResult: 'passed' }), { result: 'passed' }],
    ['has a list for a result', statement({ verificationResult: ['PASSED'] }), { result: ['PASSED'] }],
    ['has its result under a name of Go’s reading', edited(RESULT, `"VerificationResult":"FAILED",${RESULT}`), {}],
    ['is of a draft', statement({ verification_result: 'FAILED' }, { predicateType: `${VSA}/v0.2` }), {}],
    ['has no predicate', statement({}, { predicate: undefined }), {}],
    ['has no subject', statement({}, { subject: [] }), {}],
    ['names two images, and this one', statement(FAILED, { subject: [OTHER, DIGEST].map(subjectOf) }), {}],
    ['is of two types', edited('{', `{"predicateType":"https://slsa.dev/provenance/v1",`), {}],
    ['has two results', edited(RESULT, `"verificationResult":"FAILED",${RESULT}`), {}],
    ['is no JSON', Buffer.from('{'), {}],
  ])('is found where it %s', async ([, payload, said]) => {
    expect(unpassed([await signed(payload), passed])).toEqual([
      expect.objectContaining({ attestation: DIGEST, ...said }),
    ])
  })

  it.for<[string, Buffer, SampleOptions?]>([
    ['passed', statement({})],
    ['passed another policy', statement({ policy: {} })],
    ['is of another image', statement(FAILED, { subject: [subjectOf(OTHER)] })],
    ['is by another signer', statement(FAILED), { subject: 'https://github.com/me/repo' }],
    ['is by another signer and no JSON', Buffer.from('{'), { subject: 'https://github.com/me/repo' }],
    ['is of a draft, and passed', statement({}, { predicateType: `${VSA}/v0.2` })],
    ['is provenance', edited(RESULT, `${RESULT},${RESULT}`, { predicateType: 'https://slsa.dev/provenance/v1' })],
  ])('is none where it %s', async ([, payload, options]) => {
    expect(unpassed([await signed(payload, options)])).toEqual([])
  })

  it.for<[string, Buffer]>([
    ['is of another version', statement({ verificationResult: undefined }, { predicateType: `${VSA}/v9` })],
    ['is a statement of another version', statement({}, { _type: 'https://in-toto.io/Statement/v9' })],
  ])('cannot be decided where it %s, unless another one says it', async ([, payload]) => {
    const unknown = await signed(payload)
    expect(() => unpassed([unknown])).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    expect(unpassed([unknown, await signed(statement(FAILED))])).toHaveLength(1)
  })
})

it('gives what the well formed ones of a known version say', async () => {
  const found = await Promise.all(
    [statement({}), statement({ resourceUri: 1 }), statement({}, { predicateType: `${VSA}/v2` })].map((one) =>
      signed(one),
    ),
  )
  expect(summaries(found)).toEqual([
    { verifier: 'https://github.com/you/repo', resource: 'pkg:oci/image', policy: '0'.repeat(64), result: 'PASSED' },
  ])
})

function subjectOf(digest: Digest): object {
  return { digest: { sha256: digest.slice(7) } }
}
