// Sums of a whole verdict, over all of its candidates.
import { STATUSES, type CandidateVerdict, type Conformance } from './conformance.ts'

/** The number of rules of each status. */
export function countStatuses(candidates: readonly Pick<CandidateVerdict, 'rules'>[]): Conformance['counts'] {
  const statuses = candidates.flatMap(({ rules }) => rules.map(({ status }) => status))
  return Object.fromEntries(
    STATUSES.map((status) => [status, statuses.filter((one) => one === status).length]),
  ) as Conformance['counts']
}

/** A red candidate is worse than one that could not be judged; `none` is the exit code without candidates. */
export function worstExit(codes: readonly number[], none: number): number {
  return codes.includes(1) ? 1 : Math.max(none, ...codes)
}
