// Releases: the variants of the contract held against each other, each release as a candidate of its own.
import { dirname } from 'node:path'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { repositoriesOf } from '#specs/contract/repositories.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import type { CandidateInput } from '#specs/support/run.ts'

const RELEASE_KEY = 'release'
/** The reference in a verdict of the one release of a run; of several, each has its name behind it. */
export const RELEASE_REFERENCE = 'release'

/**
 * For each reference the name of the release that it is of: one that all share where there are no more than a release has
 * variants, else where it is, without what names the variant, and its tag (`ghcr.io/you:v1.11.5`, `out`).
 */
export function releaseNames(references: readonly Reference[], contract: Contract): readonly string[] {
  const isOne = references.length <= Object.keys(contract.variants).length
  return references.map((reference) => (isOne ? '' : nameOf(reference, contract)))
}

function nameOf(reference: Reference, contract: Contract): string {
  const tag = 'tag' in reference && reference.tag !== undefined ? reference.tag : undefined
  if (reference.kind !== 'registry') {
    // A layout says of which variant it is by its folder, and so may the folder of a medium.
    const place = dirname(reference.path)
    return tag === undefined ? place : `${place}:${tag}`
  }
  const { registry, repository, digest } = reference
  const whole = `${registry}/${repository}`
  const tails = Object.keys(contract.variants).flatMap((variant) => repositoriesOf(variant, contract))
  const tail = tails.find((one) => `/${whole}`.endsWith(`/${one}`))
  const place = tail === undefined ? dirname(whole) : whole.slice(0, -tail.length).replace(/\/$/, '')
  if (tag === undefined) return `${whole}${digest === undefined ? '' : `@${digest}`}`
  return `${place}:${tag.endsWith(ASSETS_SUFFIX) ? tag.slice(0, -ASSETS_SUFFIX.length) : tag}`
}

/** True for the reference of a release in a verdict. */
export function isRelease(reference: string): boolean {
  return reference === RELEASE_REFERENCE || reference.startsWith(`${RELEASE_REFERENCE} `)
}

export type NamedRelease = { readonly name: string; readonly candidate: CandidateInput }

/**
 * The releases among candidates, in the order of their first ones; `names` is that of each candidate's release, one
 * for all by default.
 */
export function toReleases(
  candidates: readonly CandidateInput[],
  contract: Contract,
  names: readonly string[] = [],
): readonly NamedRelease[] {
  const nameAt = (at: number): string => names[at] ?? ''
  return [...new Set(candidates.map((_, at) => nameAt(at)))].flatMap((name) => {
    const found = toRelease(
      candidates.filter((_, at) => nameAt(at) === name),
      contract,
    )
    if (found === undefined) return []
    return [{ name, candidate: name === '' ? found : { ...found, key: `${RELEASE_KEY} ${name}` } }]
  })
}

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
