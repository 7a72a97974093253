import { expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { readSummary } from '#harness/signing/summary.ts'
import { parseContract } from '#specs/contract/contract.ts'
import { parseLock } from '#specs/contract/lock.ts'
import { releaseTags } from '#specs/contract/tags.ts'
import { summaryStatement, type SummaryInputs } from './summary.ts'

const contract = parseContract(Buffer.from('variants: {a: {role: worker, extensions: []}}\n'), 'contract.yaml')
const lock = parseLock(Buffer.from('{"schema": 2, "talos": "v1.11.5"}'), 'lock.json')
const INPUTS: SummaryInputs = {
  digest: digestOf(Buffer.from('image')),
  repository: 'ghcr.io/you/talos-a',
  contract,
  lock,
  gate: { forced: false },
  judged: { at: '2026-11-27T03:00:00.000Z', by: '0.2.0' },
}
const predicateOf = (more: Partial<SummaryInputs>) =>
  summaryStatement({ ...INPUTS, ...more }).predicate as Readonly<Record<string, unknown>>

it('says who verified which image by which policy, and that it passed', () => {
  const statement = summaryStatement(INPUTS)
  expect(statement).toMatchObject({
    predicateType: 'https://slsa.dev/verification_summary/v1',
    subject: [{ digest: { sha256: INPUTS.digest.slice(7) } }],
    predicate: {
      verifier: { id: contract.signing.builder, version: { 'talos-image-contract': '0.2.0' } },
      timeVerified: '2026-11-27T03:00:00.000Z',
      resourceUri: 'pkg:oci/talos-a?repository_url=ghcr.io/you/talos-a',
      verificationResult: 'PASSED',
      verifiedLevels: ['TALOS_IMAGE_CONTRACT'],
    },
  })
  const read = readSummary({ ...statement, type: 'https://in-toto.io/Statement/v1', subjects: [] })
  if (read === undefined || read.rest instanceof Error) throw new Error('expected a summary')
  expect(read.result).toBe('PASSED')
  const { policy } = read.rest
  // The immutable tag has the first digits of the policy.
  const tag = releaseTags('installer', { ...lock, talos: 'v1.11.5' }, contract).immutableTag
  expect(tag).toBe(`v1.11.5-${policy?.slice(0, 8)}`)
})

it('says of waivers that there were some, and of an image that was forced that it failed', () => {
  expect(predicateOf({ gate: { forced: false, waived: [{}] } })).toMatchObject({
    verificationResult: 'PASSED',
    verifiedLevels: ['TALOS_IMAGE_CONTRACT_WITH_WAIVERS'],
  })
  expect(predicateOf({ gate: { forced: true } })).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: [] })
})

it('is read as a summary alone where it is one, its result first', () => {
  const statement = { type: 'x', subjects: [], predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }
  expect(readSummary(statement)).toBeUndefined()
  const of = (version: string, predicate: unknown) =>
    readSummary({ ...statement, predicateType: `https://slsa.dev/verification_summary/${version}`, predicate })
  for (const predicate of [{}, [], null, 'PASSED', { verificationResult: 'PASSED', verifier: { id: 'x' } }])
    expect(of('v1', predicate)?.rest).toMatchObject({ code: 'SCHEMA', at: { pointer: '/predicate' } })
  expect(of('v1', { verificationResult: 'FAILED' })).toMatchObject({ result: 'FAILED', rest: { code: 'SCHEMA' } })
  expect(of('v0.2', { verification_result: 'FAILED' })).toMatchObject({
    result: 'FAILED',
    rest: { code: 'UNSUPPORTED' },
  })
  expect(of('v2', {})).toMatchObject({ result: undefined, rest: { code: 'UNSUPPORTED' } })
})
