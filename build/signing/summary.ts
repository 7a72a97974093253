// The verdict on an image as a verification summary, SLSA VSA (https://slsa.dev/spec/v1.1/verification_summary). Of the
// standard predicates this one says who verified what by which policy, and policy engines read it; in-toto's test-result
// names neither verifier nor policy nor resource. The whole verdict is attached beside it.
import type { Digest } from '#harness/bytes/digest.ts'
import { digestOf } from '#harness/bytes/digest.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock } from '#specs/contract/lock.ts'
import { inputsDigest, resourceUri } from '#specs/contract/tags.ts'
import { toStatement, type Statement } from './statements.ts'

export const SUMMARY_PREDICATE = 'https://slsa.dev/verification_summary/v1'
const SLSA = '1.1'
/** Names of levels that are none of SLSA's own. */
const LEVEL = 'TALOS_IMAGE_CONTRACT'
const WAIVED_LEVEL = 'TALOS_IMAGE_CONTRACT_WITH_WAIVERS'

export type SummaryInputs = {
  readonly digest: Digest
  /** Registry and repository that the image is published in. */
  readonly repository: string
  readonly contract: Contract
  readonly lock: Lock
  readonly gate: { readonly forced: boolean; readonly waived?: readonly unknown[] }
  /** When it was judged, in RFC 3339, and by which version of this project. */
  readonly judged: { readonly at: string; readonly by: string }
}

/** FAILED for an image that is published in spite of its verdict. */
export function summaryStatement(inputs: SummaryInputs): Statement {
  const { digest, repository, contract, lock, gate, judged } = inputs
  const level = (gate.waived ?? []).length > 0 ? WAIVED_LEVEL : LEVEL
  return toStatement(digest, SUMMARY_PREDICATE, {
    verifier: { id: contract.signing.builder, version: { 'talos-image-contract': judged.by } },
    timeVerified: judged.at,
    resourceUri: resourceUri(repository),
    policy: {
      uri: contract.labels.source,
      digest: { sha256: inputsDigest(lock, contract) },
      annotations: { contract: digestOf(Buffer.from(JSON.stringify(contract))), lock: lockDigest(lock) },
    },
    verificationResult: gate.forced ? 'FAILED' : 'PASSED',
    verifiedLevels: gate.forced ? [] : [level],
    slsaVersion: SLSA,
  })
}
