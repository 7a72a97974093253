// Two releases against each other: every change, the worst first.
import { admitsTalos, type Contract } from '#specs/contract/contract.ts'
import type { ReleaseDescription } from '../describe.ts'
import { AREAS, change, EFFECTS, type Change } from './change.ts'
import { extensionChanges } from './extensions.ts'
import { imageChanges } from './images.ts'
import { kernelChanges } from './kernel.ts'
import { knowledgeChanges } from './knowledge.ts'
import { systemChanges } from './system.ts'

export function compareReleases(
  was: ReleaseDescription,
  is: ReleaseDescription,
  contract: Contract,
): readonly Change[] {
  const changes = [
    ...contractChange(is.talos, contract),
    ...kernelChanges(was.boot, is.boot, contract),
    ...systemChanges(was.boot, is.boot, is.talos),
    ...knowledgeChanges(was.capabilities, is.capabilities, contract),
    ...extensionChanges(was, is, contract),
    ...imageChanges(was, is),
  ]
  return sortChanges(changes)
}

function contractChange(talos: string, contract: Contract): readonly Change[] {
  if (admitsTalos(contract, talos)) return []
  return [
    change('release.contract', 'release', 'decide', `the contract is for Talos ${contract.talos}, not for ${talos}`, {
      contract: ['talos'],
      action: `widen the range of the contract once what changed in ${talos} is decided`,
    }),
  ]
}

/** Sorts by effect, then by area, then by id. */
export function sortChanges(changes: readonly Change[]): readonly Change[] {
  const rank = ({ effect, area }: Change): number => EFFECTS.indexOf(effect) * AREAS.length + AREAS.indexOf(area)
  return changes.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : Number(a.id > b.id)))
}
