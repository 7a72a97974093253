// What a verification summary says: SLSA VSA, https://slsa.dev/spec/v1.1/verification_summary.
import { z } from 'zod'
import type { Location } from '../errors.ts'
import { checkShape } from '../oci/image/schemas.ts'
import type { Statement } from './statement.ts'

const VSA_V1 = 'https://slsa.dev/verification_summary/v1'

export type VerificationSummary = {
  /** `verifier.id` */
  readonly verifier: string
  readonly resource: string
  /** The sha256 of the policy, in hex; undefined where it says none. */
  readonly policy: string | undefined
  /** `PASSED` or `FAILED`. */
  readonly result: string
}

const summary = z.looseObject({
  verifier: z.looseObject({ id: z.string() }),
  resourceUri: z.string(),
  policy: z.looseObject({ digest: z.record(z.string(), z.string()).nullish() }),
  verificationResult: z.string(),
})

/** Undefined for a statement of another predicate; SchemaError with every issue. */
export function parseSummary(
  { predicateType, predicate }: Statement,
  at: Location = {},
): VerificationSummary | undefined {
  if (predicateType !== VSA_V1) return undefined
  const where = { ...at, pointer: '/predicate' }
  const { verifier, resourceUri, policy, verificationResult } = checkShape(predicate, summary, 'summary', where)
  return { verifier: verifier.id, resource: resourceUri, policy: policy.digest?.['sha256'], result: verificationResult }
}
