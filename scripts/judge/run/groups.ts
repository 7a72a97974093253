// The candidates of each worker: those that are mostly the same bytes are read there together.
import type { CandidateInput } from '#specs/support/run.ts'

/** Candidates of one worker at most: each one's parts stay open until all are judged. */
const TOGETHER = 8
/** Workers that candidates are shared out to where there is no more than that in each. */
const WORKERS = 2

/**
 * A group for the variants of one release or of several with the releases themselves, and groups of the others,
 * neighbours together. All are one group with a project: machine configurations are quick to judge.
 */
export function groupCandidates(
  candidates: readonly CandidateInput[],
  {
    releases = [],
    project,
  }: { readonly releases?: readonly CandidateInput[]; readonly project?: CandidateInput | undefined },
): readonly (readonly CandidateInput[])[] {
  if (project !== undefined) return [[...candidates, project]]
  const isMember = ({ members }: CandidateInput, { key }: CandidateInput): boolean => members?.includes(key) === true
  const others = candidates.filter((one) => !releases.some((release) => isMember(release, one)))
  const size = Math.min(TOGETHER, Math.ceil(others.length / WORKERS))
  return [
    ...packed(releases.map((release) => [...candidates.filter((one) => isMember(release, one)), release])),
    ...Array.from({ length: Math.ceil(others.length / (size || 1)) }, (_, at) =>
      others.slice(at * size, (at + 1) * size),
    ),
  ]
}

/** Releases together in one worker while there is room for another whole one; a single one has its own. */
function packed(releases: readonly (readonly CandidateInput[])[]): readonly (readonly CandidateInput[])[] {
  const groups: CandidateInput[][] = []
  for (const release of releases) {
    const last = groups.at(-1)
    if (last !== undefined && last.length + release.length <= TOGETHER + 1) last.push(...release)
    else groups.push([...release])
  }
  return groups
}
