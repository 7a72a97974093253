import { expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { parseSummary } from '#harness/signing/summary.ts'
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
  const read = parseSummary({ ...statement, type: 'https://in-toto.io/Statement/v1', subjects: [] })
  // The immutable tag has the first digits of the policy.
  const tag = releaseTags('installer', { ...lock, talos: 'v1.11.5' }, contract).immutableTag
  expect(tag).toBe(`v1.11.5-${read?.policy?.slice(0, 8)}`)
})

it('says of waivers that there were some, and of an image that was forced that it failed', () => {
  expect(predicateOf({ gate: { forced: false, waived: [{}] } })).toMatchObject({
    verificationResult: 'PASSED',
    verifiedLevels: ['TALOS_IMAGE_CONTRACT_WITH_WAIVERS'],
  })
  expect(predicateOf({ gate: { forced: true } })).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: [] })
})

it('is read as a summary alone where it is one', () => {
  const statement = { type: 'x', subjects: [], predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }
  expect(parseSummary(statement)).toBeUndefined()
  expect(() => parseSummary({ ...statement, predicateType: 'https://slsa.dev/verification_summary/v1' })).toThrow(
    /verifier/,
  )
})
