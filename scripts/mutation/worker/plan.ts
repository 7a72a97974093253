// The messages between a worker and the run: which mutants to run on which candidates, and the results.
import type { RuleIndexEntry } from '#specs/contract/rule-index.ts'
import type { Observation } from '../../judge/verdict/observation.ts'
import type { Expected } from '../../selftest/compare.ts'

/** The name, in place of a mutant's, of the unchanged specs. */
export const VALID = 'baseline'

export type Choice = { readonly ids: readonly string[]; readonly keys: readonly string[] }

export type Plan = {
  /** The file that records go into, a line of JSON each. */
  readonly log: string
  /** Choices by name of the mutant. */
  readonly choices: Readonly<Record<string, Choice>>
  /** The rules that mutants can change. */
  readonly entries: readonly RuleIndexEntry[]
  /** Expectations by key of the candidate. */
  readonly expected: Readonly<Record<string, Expected>>
  /** `KEY ID` → what was observed without a mutant; what is not there is not judged. */
  readonly baseline: Readonly<Record<string, readonly Observation[]>>
}

/** A worker's message about a mutant. */
export type LogRecord =
  | { readonly kind: 'start'; readonly mutant: string; readonly place: string }
  | { readonly kind: 'observed'; readonly observation: Observation }
  | { readonly kind: 'killed'; readonly mutant: string; readonly by: string }
  /** A spec file of the mutant is through. */
  | { readonly kind: 'end'; readonly mutant: string; readonly file: string; readonly broken: boolean }

declare module 'vitest' {
  interface ProvidedContext {
    plan: Plan
  }
}
