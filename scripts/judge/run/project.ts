// A project: the machine configurations of several nodes held against each other, as a candidate of its own.
import type { Contract } from '#specs/contract/contract.ts'
import type { CandidateInput } from '#specs/support/run.ts'

const PROJECT_KEY = 'project'
/** The reference of a project in a verdict. */
export const PROJECT_REFERENCE = 'project'

/** A project; undefined unless the candidates are machine configurations without images, and more than one. */
export function toProject(candidates: readonly CandidateInput[], contract: Contract): CandidateInput | undefined {
  if (candidates.length < 2 || !candidates.every(isConfigAlone)) return undefined
  return {
    key: PROJECT_KEY,
    variant: [...new Set(candidates.map(({ variant }) => variant))].join(' and '),
    references: {},
    parts: { config: { image: false } },
    targets: ['config'],
    project: true,
    members: candidates.map(({ key }) => key),
    pinned: false,
    contract,
  }
}

function isConfigAlone({ parts }: Pick<CandidateInput, 'parts'>): boolean {
  return parts.config !== undefined && Object.keys(parts).length === 1
}
