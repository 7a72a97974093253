// Candidates for the selftest that start from the reference candidates: an installer with its assets, or a release.
import { parseReference } from '#harness/oci/image/reference.ts'
import { join } from 'node:path'
import { writeLayout } from '#fixtures/counterexamples/candidate.ts'
import { readReference, type ReferenceRelease } from '#fixtures/counterexamples/editor/reference.ts'
import { GATEWAY, type ReleaseCounterexample } from '#fixtures/counterexamples/release/counterexample.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { toRelease } from '../judge/run/release.ts'
import type { Prepared } from './prepare.ts'

/** The reference candidates as they are: alone, with assets, and as a release. */
export const RELEASE_CONTROLS: readonly ReleaseCounterexample[] = [false, true].map((release) => ({
  name: `control reference ${release ? 'release' : 'candidate'}`,
  violates: [],
  because: 'what the recipe builds conforms',
  release,
  mutate: (baseline) => baseline,
}))

/** Mutates, writes below `folder`, and says what must come of it. */
export async function prepareRelease(example: ReleaseCounterexample, folder: string): Promise<Prepared> {
  const mutated = await example.mutate(await readReference())
  const write = async (variant: string, ...where: readonly [string, string]): Promise<CandidateInput> => {
    const { lock, ...candidate } = await writeVariant(mutated, variant, ...where)
    return example.unpinned === true ? { ...candidate, pinned: false } : { ...candidate, lock }
  }
  const place = join(folder, example.name)
  const expected = { violates: example.violates, inconclusive: example.inconclusive ?? [] }
  if (example.release !== true) return { candidate: await write(GATEWAY, place, example.name), expected }
  const members = await Promise.all(
    Object.keys(mutated.variants).map((variant) => write(variant, join(place, variant), `${example.name} ${variant}`)),
  )
  const release = toRelease(members, mutated.contract)
  if (release === undefined) throw new Error(`${example.name}: expected every variant once`)
  return { candidate: { ...release, key: example.name }, members, expected }
}

async function writeVariant(
  { variants, cozystack, lock, contract }: ReferenceRelease,
  variant: string,
  place: string,
  key: string,
): Promise<CandidateInput & { readonly lock: Lock }> {
  const parts = variants[variant]
  if (parts === undefined) throw new Error(`expected a variant ${variant}`)
  return {
    key,
    variant,
    references: {
      installer: parseReference(await writeLayout(parts.installer, join(place, 'installer'))),
      assets: parseReference(await writeLayout(parts.assets, join(place, 'assets'))),
    },
    parts: { installer: { image: true }, assets: { image: true } },
    pinnedReference: { image: parseReference(await writeLayout(cozystack, join(place, 'cozystack'))) },
    pinned: true,
    lock,
    contract,
  }
}
