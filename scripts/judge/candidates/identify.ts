// An image without our label, by what is inside of it: which Talos, which extensions, and so which of the variants it is.
import { orAbsent } from '#harness/errors.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Target } from '#specs/support/requirement.ts'
import { UsageError } from '../usage-error.ts'
import type { Candidate, OpenedCandidate } from './candidates.ts'

/** What upstream's imager makes has no label of ours, and is in no registry of ours. */
const IMAGER_TARGETS: readonly Target[] = ['image', 'installer']
/** The entry of extensions.yaml for the indexes of the kernel's modules. */
const MODULES_ENTRY = 'modules.dep'

/**
 * The candidate as the one variant that has exactly its extensions; an installer without `--target` by the targets of what
 * imager makes. UsageError where none or several of the variants have them.
 */
export async function identify({ candidate, parts }: OpenedCandidate, contract: Contract): Promise<Candidate> {
  const [part] = parts
  if (part === undefined) return candidate
  const isInstaller = part.part === 'installer'
  const talos = part.labels[VERSION_LABEL]
  const release = talos === undefined ? 'an unnamed Talos' : `Talos ${talos}`
  const what = `no label ${contract.labels.variant}: ${isInstaller ? 'imager’s installer' : 'boot assets'} of ${release}`
  const targets = candidate.targets ?? (isInstaller ? IMAGER_TARGETS : undefined)
  const as = (variant: string, text: string): Candidate => ({
    ...candidate,
    variant,
    ...(targets !== undefined && { targets }),
    identified: `${text}; judged as ${variant}${targets === undefined ? '' : `, target ${targets.join(', ')}`}`,
  })
  const names = await namesIn(part.talos, contract)
  const [first = ''] = Object.keys(contract.variants)
  // Its rules are red whichever variant it is of.
  if (names === undefined) return as(first, `${what}, whose extensions cannot be read`)
  const matching = Object.entries(contract.variants).filter(([, { extensions }]) => isSame(extensions, names))
  const inside = `${what} with ${names.length === 0 ? 'no extensions' : names.join(', ')}`
  const [only, ...others] = matching
  if (only !== undefined && others.length === 0) return as(only[0], inside)
  const known = Object.keys(contract.variants).join(', ')
  throw new UsageError(
    only === undefined
      ? `${candidate.reference}: ${inside}; no variant of the contract has exactly these${nearestOf(names, contract)}: judge it as one with --variant (${known}), or decide on one of your own (npx talos-image init)`
      : `${candidate.reference}: ${inside}; several variants have these: say which with --variant (${matching.map(([name]) => name).join(', ')})`,
  )
}

/** Names of its extensions, without those that imager and Image Factory make; undefined where they cannot be read. */
async function namesIn(talos: TalosPart, { virtualExtensions }: Contract): Promise<readonly string[] | undefined> {
  const layers = await orAbsent(async () => (await talos.extensions()).layers())
  const made = new Set([...virtualExtensions, MODULES_ENTRY])
  return layers?.map(({ metadata }) => metadata.name).filter((name) => !made.has(name))
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && differenceOf(a, b).length === 0
}

function differenceOf(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.filter((name) => !b.includes(name))
}

/** ` (spin-only lacks tailscale and has drbd besides)`, of the variant that is nearest. */
function nearestOf(names: readonly string[], { variants }: Contract): string {
  const [nearest] = Object.entries(variants)
    .map(([variant, { extensions }]) => ({
      variant,
      lacks: differenceOf(names, extensions),
      more: differenceOf(extensions, names),
    }))
    .toSorted((a, b) => a.lacks.length + a.more.length - b.lacks.length - b.more.length)
  if (nearest === undefined) return ''
  const { variant, lacks, more } = nearest
  const parts = [
    ...(lacks.length === 0 ? [] : [`lacks ${lacks.join(', ')}`]),
    ...(more.length === 0 ? [] : [`has ${more.join(', ')} besides`]),
  ]
  return ` (${variant} ${parts.join(' and ')})`
}
