// A project: the machine configurations of several nodes held against each other, as a candidate of its own.
import type { Contract } from '#specs/contract/contract.ts'
import type { CandidateInput } from '#specs/support/run.ts'

const PROJECT_KEY = 'project'
/** The reference of a project in a verdict. */
export const PROJECT_REFERENCE = 'project'

/**
 * A project; undefined unless the candidates are machine configurations or running nodes without images, and more than
 * one.
 */
export function toProject(candidates: readonly CandidateInput[], contract: Contract): CandidateInput | undefined {
  if (candidates.length < 2) return undefined
  const targets = TARGETS.filter((target) => candidates.every(({ parts }) => parts[target] !== undefined))
  const isWithoutImages = candidates.every(({ parts }) => Object.keys(parts).every((part) => part in OWN))
  if (targets.length === 0 || !isWithoutImages) return undefined
  return {
    key: PROJECT_KEY,
    variant: [...new Set(candidates.map(({ variant }) => variant))].join(' and '),
    references: {},
    parts: Object.fromEntries(targets.map((target) => [target, { image: false }])),
    targets,
    project: true,
    members: candidates.map(({ key }) => key),
    pinned: false,
    contract,
  }
}

const OWN = { config: true, node: true } as const
const TARGETS = ['config', 'node'] as const
