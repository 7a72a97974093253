// Releases of Talos newer than a lock's, by the tags of installer-base.
import { compareTalos, talosBase } from '#harness/talos/talos-version.ts'
import { admitsTalos, type Contract } from '#specs/contract/contract.ts'

/** `patch`: of the same minor. */
type NewerKind = 'patch' | 'minor' | 'pre-release'
export type Newer = { readonly talos: string; readonly kind: NewerKind }

/** A tag of a release or pre-release of upstream; tags of single architectures and of development builds are neither. */
const RELEASE = /^v\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?$/

/** Oldest first; pre-releases only where they are asked for. */
export function newerReleases(tags: readonly string[], talos: string, pre: boolean): readonly Newer[] {
  const [major, minor] = minorOf(talos)
  return tags
    .filter((tag) => RELEASE.test(tag) && (pre || !tag.includes('-')) && compareTalos(tag, talos) > 0)
    .toSorted(compareTalos)
    .map((tag) => {
      const own = minorOf(tag)
      const kind = own[0] === major && own[1] === minor ? 'patch' : 'minor'
      return { talos: tag, kind: tag.includes('-') ? 'pre-release' : kind }
    })
}

export type Targets = {
  /** The newest that the contract admits; it is built and judged. */
  readonly admitted?: string
  /** The newest at all, where that is another. */
  readonly newest?: string
}

export function chooseTargets(newer: readonly Newer[], contract: Contract): Targets {
  const newest = newer.at(-1)?.talos
  const admitted = newer.findLast(({ talos }) => admitsTalos(contract, talos))?.talos
  return {
    ...(admitted !== undefined && { admitted }),
    ...(newest !== undefined && newest !== admitted && { newest }),
  }
}

function minorOf(talos: string): readonly [major: number | undefined, minor: number | undefined] {
  const version = talosBase(talos)
  return [version?.major, version?.minor]
}
