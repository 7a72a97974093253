// What one run of one requirement on one part of one candidate showed, before any judgement.
import type { Location } from '#harness/errors.ts'
import type { JudgedPart } from '#specs/support/applicability.ts'

export type ObservedError = {
  readonly code?: string
  readonly name: string
  readonly message: string
  readonly at?: Location
  /** Of several that one rule may find, the one that a waiver can name. */
  readonly entry?: string
  readonly expected?: string
  readonly got?: string
  /** Whether an expectation of the spec failed, rather than something thrown by a reader or a bug. */
  readonly assertion: boolean
}

export type Observation = {
  readonly candidate: string
  readonly part: JudgedPart
  readonly id: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly errors: readonly ObservedError[]
  readonly where?: Location
  /** What is worth knowing and breaks nothing. */
  readonly notes?: readonly { readonly at: Location; readonly message: string }[]
  readonly durationMs: number
  /** `specs/kernel/image.spec.ts:12`. */
  readonly spec: string
}

export type RunObservations = {
  readonly observations: readonly Observation[]
  /** What went wrong outside of any test: a spec file that does not import, an unhandled rejection, an interruption. */
  readonly runErrors: readonly string[]
}
