// The result of one run of one requirement on one part of one candidate, before any judgement.
import type { Location } from '#harness/errors.ts'
import type { JudgedPart } from '#specs/support/applicability.ts'

export type ObservedError = {
  readonly code?: string
  readonly name: string
  readonly message: string
  readonly at?: Location
  /** The name by which a waiver selects one of several findings of a rule. */
  readonly entry?: string
  readonly expected?: string
  readonly got?: string
  /** True where an expectation of the spec failed, false for an error of a reader or a bug. */
  readonly assertion: boolean
}

export type Observation = {
  readonly candidate: string
  readonly part: JudgedPart
  readonly id: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly errors: readonly ObservedError[]
  readonly where?: Location
  /** Facts worth knowing that break no rule. */
  readonly notes?: readonly { readonly at: Location; readonly message: string }[]
  /** The extensions that the part lists, where the rule looks at all of them. */
  readonly lists?: readonly { readonly name: string; readonly version: string }[]
  readonly durationMs: number
  /** `specs/kernel/image.spec.ts:12`. */
  readonly spec: string
}

export type RunObservations = {
  readonly observations: readonly Observation[]
  /** Errors outside of any test: a spec file that does not import, an unhandled rejection, an interruption. */
  readonly runErrors: readonly string[]
}
