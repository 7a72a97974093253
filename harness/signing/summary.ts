// What a verification summary says: SLSA VSA, https://slsa.dev/spec/v1.1/verification_summary.
import { z } from 'zod'
import { FormatError, HarnessError, type Location } from '../errors.ts'
import { parseDocument } from '../oci/image/schemas.ts'
import type { Statement } from './statement.ts'

const VSA_V1 = 'https://slsa.dev/verification_summary/v1'
/** The beginning of every version's predicate type. */
const VSA_PREFIX = 'https://slsa.dev/verification_summary/'
const RESULT = 'verificationResult'
/** Its name in the drafts before version 1 (https://slsa.dev/spec/v0.1/verification_summary). */
const DRAFT_RESULT = 'verification_result'

export type VerificationSummary = {
  /** `verifier.id` */
  readonly verifier: string
  readonly resource: string
  /** The sha256 of the policy, in hex; undefined where it says none. */
  readonly policy: string | undefined
}

export type SummaryReading = {
  /** `PASSED`, `FAILED` or what stands in their place; undefined where nothing does. */
  readonly result: unknown
  /**
   * The rest of it, or what is wrong: SchemaError, FormatError MALFORMED for a field in another spelling, UNSUPPORTED
   * for another version.
   */
  readonly rest: VerificationSummary | HarnessError
}

const summary = z.looseObject({
  verifier: z.looseObject({ id: z.string() }),
  resourceUri: z.string(),
  policy: z.looseObject({ digest: z.record(z.string(), z.string()).nullish() }),
  verificationResult: z.string(),
})

/** True for the predicate type of a verification summary, of whatever version. */
export function isSummaryType(predicateType: string): boolean {
  return predicateType.startsWith(VSA_PREFIX)
}

/** Undefined for a statement of another predicate. The result is read first: it counts whatever the rest is. */
export function readSummary({ predicateType, predicate }: Statement, at: Location = {}): SummaryReading | undefined {
  if (!isSummaryType(predicateType)) return undefined
  const isKnown = predicateType === VSA_V1
  const result = resultOf(predicate, isKnown ? [RESULT] : [RESULT, DRAFT_RESULT])
  if (!isKnown) {
    const message = `expected the predicate ${VSA_V1}, got ${JSON.stringify(predicateType.slice(0, 140))}`
    return { result, rest: new FormatError('summary', 'UNSUPPORTED', message, { at }) }
  }
  try {
    const where = { ...at, pointer: '/predicate' }
    const bytes = Buffer.from(JSON.stringify(predicate ?? null))
    const { verifier, resourceUri, policy } = parseDocument(bytes, summary, 'summary', where, bytes.length)
    return { result, rest: { verifier: verifier.id, resource: resourceUri, policy: policy.digest?.['sha256'] } }
  } catch (error) {
    if (error instanceof HarnessError) return { result, rest: error }
    throw error
  }
}

/** The one that did not pass, where there are two. */
function resultOf(predicate: unknown, names: readonly string[]): unknown {
  if (typeof predicate !== 'object' || predicate === null) return undefined
  const found = Object.entries(predicate).flatMap(([key, value]: [string, unknown]) =>
    names.includes(key) ? [value] : [],
  )
  return found.find((value) => value !== 'PASSED') ?? found[0]
}
