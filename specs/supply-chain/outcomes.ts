// Verified signatures as sentences of a verdict.
import { formatLocation, RegistryError } from '#harness/errors.ts'
import { renderSigner } from '#harness/signing/signer.ts'
import type { Outcome } from '#harness/signing/outcome.ts'

export type ValidOutcome = Extract<Outcome, { outcome: 'valid' }>

export function validOf(outcomes: readonly Outcome[]): readonly ValidOutcome[] {
  return outcomes.filter((one) => one.outcome === 'valid')
}

/** `valid: …` for a valid one, else why it is none and where it is. */
export function describeOutcome(one: Outcome): string {
  if (one.outcome === 'valid') return `valid: ${renderSigner(one.signer)}`
  return `${one.error.code}: ${one.error.message} (${formatLocation(one.attachment.at)})`
}

/** Throws where the registry did not answer: it may have what was looked for and not found. */
export function throwUnasked(outcomes: readonly Outcome[]): void {
  throwUnknown(outcomes.filter((one) => one.outcome === 'unknown' && one.error instanceof RegistryError))
}

/** Throws where one of several invalid signatures could not be decided: undecidable is not the same as wrong. */
export function throwUnknown(outcomes: readonly Outcome[]): void {
  const unknown = outcomes.find((one) => one.outcome === 'unknown')
  if (unknown !== undefined) throw unknown.error
}
