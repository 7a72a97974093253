// The known-bad releases and extensions that an image has.
import semver from 'semver'
import { talosBase } from '#harness/talos/talos-version.ts'
import type { Advisory } from './advisories.ts'

/** Facts that are read only where an entry depends on them. */
export type AdvisoryFacts = {
  /** The Talos tag; undefined where nothing says it. */
  readonly talos: string | undefined
  /** What is bad on another architecture is not theirs. */
  readonly architecture: string
  readonly secureBoot: boolean
  readonly extensions: readonly { readonly name: string; readonly version: string }[]
  /** True if the layers of the extensions have the path. */
  has(path: string): Promise<boolean>
  /** `n` for one that is off. */
  option(name: string): Promise<string>
  /** Names of the arguments; undefined where the part has no command line. */
  argumentNames(): Promise<readonly string[] | undefined>
}

/** Advisories that apply, in the order of the entries. */
export async function applyingAdvisories(
  advisories: readonly Advisory[],
  facts: AdvisoryFacts,
): Promise<readonly Advisory[]> {
  const found: Advisory[] = []
  for (const advisory of advisories) if (await applies(advisory, facts)) found.push(advisory)
  return found
}

async function applies(
  { talos, architecture, extension, when = {} }: Advisory,
  facts: AdvisoryFacts,
): Promise<boolean> {
  if (architecture !== undefined && architecture !== facts.architecture) return false
  if (talos !== undefined && !isIn(talosBase(facts.talos ?? ''), talos)) return false
  if (extension !== undefined && !facts.extensions.some((one) => isOf(one, extension))) return false
  const { missing, present, option, secureBoot, withoutArgument } = when
  if (secureBoot !== undefined && !facts.secureBoot) return false
  if (withoutArgument !== undefined && (await facts.argumentNames())?.includes(withoutArgument) !== false) return false
  if (option !== undefined && (await facts.option(option.name)) !== option.value) return false
  if (missing !== undefined && (await facts.has(missing))) return false
  return present === undefined || facts.has(present)
}

function isOf(
  one: { readonly name: string; readonly version: string },
  wanted: NonNullable<Advisory['extension']>,
): boolean {
  if (one.name !== wanted.name) return false
  // `9.2.16-v1.12.6`, `v0.25.1`, `1.102.2`: what is before the release that it was built for.
  return (
    wanted.version === undefined || isIn(semver.coerce(one.version.replace(/-v\d.*$/, '')) ?? undefined, wanted.version)
  )
}

function isIn(version: semver.SemVer | undefined, range: string): boolean {
  return version !== undefined && semver.satisfies(version, range, { includePrerelease: true })
}
