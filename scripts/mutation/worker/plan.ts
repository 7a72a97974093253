// What a worker is told, which mutants to run on which candidates, and what it tells.
import type { RuleIndexEntry } from '#specs/contract/rule-index.ts'
import type { Observation } from '../../judge/verdict/observation.ts'
import type { Expected } from '../../selftest/compare.ts'

/** What the specs do as they are, instead of a mutant's name. */
export const VALID = 'baseline'

export type Choice = { readonly ids: readonly string[]; readonly keys: readonly string[] }

export type Plan = {
  /** The file that records go into, a line of JSON each. */
  readonly log: string
  /** By name of the mutant. */
  readonly choices: Readonly<Record<string, Choice>>
  /** Of the rules that mutants can change. */
  readonly entries: readonly RuleIndexEntry[]
  /** By key of the candidate. */
  readonly expected: Readonly<Record<string, Expected>>
  /** `KEY ID` → what was observed without a mutant; what is not there is not judged. */
  readonly baseline: Readonly<Record<string, readonly Observation[]>>
}

/** What a worker says of a mutant. */
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
