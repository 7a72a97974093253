// A release: both variants of the contract held against each other, as a candidate of its own.
import type { Contract } from '#specs/contract/contract.ts'
import type { CandidateInput } from '#specs/support/run.ts'

export const RELEASE_KEY = 'release'
/** The reference of a release in a verdict. */
export const RELEASE_REFERENCE = 'release'

/** A release; undefined unless every variant of the contract is there once, as an installer image. */
export function toRelease(candidates: readonly CandidateInput[], contract: Contract): CandidateInput | undefined {
  const installers = candidates.filter(({ parts }) => parts.installer !== undefined)
  const variants = Object.keys(contract.variants)
  const members = variants.flatMap((variant) => installers.filter((one) => one.variant === variant))
  const [first] = members
  if (first === undefined || members.length !== variants.length || members.length < 2) return undefined
  if (new Set(members.map(({ variant }) => variant)).size !== variants.length) return undefined
  const { assets: _, ...parts } = first.parts
  return {
    ...first,
    key: RELEASE_KEY,
    variant: variants.join(' and '),
    parts,
    release: true,
    members: members.map(({ key }) => key),
  }
}
