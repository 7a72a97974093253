// Versions of Talos and their order: releases, pre-releases, and what somebody built between two of them.
import semver from 'semver'

/** `git describe --tags --dirty`: a tag, commits since, the commit; `-dirty` is also right behind a tag. */
const DEVELOPMENT = /^(v?\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)(?:-\d+-g[0-9a-f]{7,40})?(?:-dirty)?$/

/**
 * The release that a version is built from, in the order of semver: `v1.14.1-3-gabcdef0-dirty` counts as v1.14.1, whose
 * code it has, and not as a pre-release of it. Undefined where the text is no version.
 */
export function talosBase(text: string): semver.SemVer | undefined {
  return semver.parse(DEVELOPMENT.exec(text)?.[1] ?? text) ?? undefined
}

/** Pre-releases come before their release. Negative where `a` is older; versions that cannot be read come last. */
export function compareTalos(a: string, b: string): number {
  const [first, second] = [talosBase(a), talosBase(b)]
  if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined)
  return semver.compare(first, second)
}
