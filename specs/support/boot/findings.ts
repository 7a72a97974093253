// Findings of a rule in a boot; undecidable ones are an error of their own.
import { FormatError } from '#harness/errors.ts'
import type { RunInput } from '../run.ts'
import type { BootFinding, BootJudge } from './rule.ts'

export type BootFindings = {
  /** Violations of the rule. */
  readonly broken: readonly BootFinding[]
  /** Notes, which break nothing. */
  readonly notes: readonly BootFinding[]
}

/** FormatError `boot` UNSUPPORTED where nothing breaks the rule and what was seen does not suffice. */
export function findInBoot(run: RunInput, key: string, judge: BootJudge): BootFindings {
  const candidate = run.candidates.find((one) => one.key === key)
  if (candidate?.boot === undefined) throw new Error(`no candidate ${key} that was booted`)
  const found = judge(candidate.boot)
  const broken = found.filter(({ kind }) => kind === undefined)
  const unknown = found.find(({ kind }) => kind === 'unknown')
  if (broken.length === 0 && unknown !== undefined)
    throw new FormatError('boot', 'UNSUPPORTED', unknown.message, { at: unknown.at })
  return { broken, notes: found.filter(({ kind }) => kind === 'note') }
}
