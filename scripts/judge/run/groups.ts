// The candidates of each worker: those that are mostly the same bytes are read there together.
import type { CandidateInput } from '#specs/support/run.ts'

/** Candidates of one worker at most: each one's parts stay open until all are judged. */
const TOGETHER = 8
/** Workers that candidates are shared out to where there is no more than that in each. */
const WORKERS = 2

/**
 * A group for the variants of a release with the release itself, and groups of the others, neighbours together. All are
 * one group with a project: machine configurations are quick to judge.
 */
export function groupCandidates(
  candidates: readonly CandidateInput[],
  {
    release,
    project,
  }: { readonly release?: CandidateInput | undefined; readonly project?: CandidateInput | undefined },
): readonly (readonly CandidateInput[])[] {
  if (project !== undefined) return [[...candidates, project]]
  const isMember = ({ key }: CandidateInput): boolean => release?.members?.includes(key) === true
  const others = candidates.filter((one) => !isMember(one))
  const size = Math.min(TOGETHER, Math.ceil(others.length / WORKERS))
  return [
    ...(release === undefined ? [] : [[...candidates.filter(isMember), release]]),
    ...Array.from({ length: Math.ceil(others.length / (size || 1)) }, (_, at) =>
      others.slice(at * size, (at + 1) * size),
    ),
  ]
}
