// The rules that apply to a candidate: the spec files register by it, the gate expects by it.
import type { Contract } from '../contract/contract.ts'
import type { Lock } from '../contract/lock.ts'
import type { MediumForm } from '../contract/tags.ts'
import type { Target, Requirement, VariantFilter } from './requirement.ts'

/** A thing that is judged on its own: a part of the image, the machine configuration beside it, a running node, or a boot. */
export type JudgedPart = (typeof JUDGED_PARTS)[number]
export const JUDGED_PARTS = ['installer', 'assets', 'media', 'config', 'node', 'boot'] as const
/** Those that are judged without an image. */
export const IMAGELESS_PARTS = ['config', 'node', 'boot'] as const satisfies readonly JudgedPart[]

export function isImageless(target: string): boolean {
  return IMAGELESS_PARTS.some((one) => one === target)
}

type JudgedFacts = { readonly image: boolean; readonly registry?: boolean; readonly form?: MediumForm }

/** Facts of a candidate that are known before any rule runs. */
export type CandidateTargets = {
  /**
   * Parts that the candidate has: whether each is an image (has a manifest) or a bare folder, and whether it is in a
   * registry, which has more to say than the image; `form` of a medium.
   */
  readonly parts: Readonly<Partial<Record<JudgedPart, JudgedFacts>>>
  /** Targets that the user asked for; absent when all were. */
  readonly targets?: readonly Target[]
  /** True for a candidate of both variants of a release; only the rules over both speak about it. */
  readonly release?: boolean
  /** True for a candidate of all nodes of a project, with the same consequence. */
  readonly project?: boolean
  /** True if there is a lock to compare with; without one pinned rules do not apply. */
  readonly pinned: boolean
  /** The variant's name, for rules about some variants. */
  readonly variant?: string
  readonly contract?: Pick<Contract, 'variants' | 'cozystack' | 'reference'>
  readonly lock?: Pick<Lock, 'reference'>
  /** The schematic of Image Factory that the image must be of. */
  readonly schematic?: GivenSchematic
}

/** A schematic's file: its text is read anew by whoever needs it. */
export type GivenSchematic = { readonly path: string; readonly text: string }

export type Applicability =
  | { readonly parts: readonly JudgedPart[]; readonly reason?: undefined }
  | { readonly parts: readonly []; readonly reason: string }

/** The parts of a candidate that a rule judges, or why there are none. */
export function applicability(
  requirement: Pick<Requirement, 'targets' | 'pinned' | 'unpinned' | 'scope' | 'forms' | 'only'>,
  candidate: CandidateTargets,
): Applicability {
  if ((requirement.scope === 'release') !== (candidate.release === true))
    return { parts: [], reason: 'it is judged over both variants of a release, and only there' }
  if ((requirement.scope === 'project') !== (candidate.project === true))
    return { parts: [], reason: 'it is judged over all nodes of a project, and only there' }
  if (requirement.pinned && !candidate.pinned)
    return { parts: [], reason: 'not pinned: there is no lock to compare with' }
  if (requirement.unpinned === true && candidate.pinned)
    return { parts: [], reason: 'pinned: the lock says which release this must be, and other rules compare with it' }
  const asked = requirement.targets.filter((target) => isAsked(target, candidate.targets))
  if (asked.length === 0)
    return { parts: [], reason: `target ${requirement.targets.join(', ')} is excluded by --target` }
  const parts = JUDGED_PARTS.filter(
    (part) =>
      (requirement.scope !== 'installer' || part === 'installer') &&
      asked.some((target) => speaksOf(target, part, candidate)) &&
      (part !== 'media' || isOfForm(requirement.forms, candidate)),
  )
  if (parts.length === 0 && requirement.scope === 'installer')
    return { parts: [], reason: 'it is judged over the installer image, and only there' }
  if (parts.length === 0 && asked.includes('media') && candidate.parts.media !== undefined)
    return { parts: [], reason: `it is judged over media of the form ${requirement.forms?.join(', ')}, and only there` }
  if (parts.length === 0) return { parts: [], reason: reasonWithout(asked) }
  const { variant: name = '' } = candidate
  const outside = outsideOf(requirement.only, name, candidate)
  if (outside !== undefined) return { parts: [], reason: outside }
  if (requirement.scope === 'parts') {
    const absent = requirement.targets.filter(
      (target) => !asked.includes(target) || !parts.some((part) => part === target),
    )
    if (absent.length > 0) return { parts: [], reason: `it compares with the target ${absent.join(', ')}` }
    return { parts: parts.slice(-1) }
  }
  return { parts }
}

/** The reason that a rule does not apply to a variant; undefined where it does, and for an unknown variant. */
function outsideOf(
  only: VariantFilter | undefined,
  name: string,
  { contract, lock, schematic: given }: Pick<CandidateTargets, 'contract' | 'lock' | 'schematic'>,
): string | undefined {
  const variant = contract?.variants[name]
  if (only === undefined || contract === undefined || variant === undefined) return undefined
  const { role, extension, service, profile, reference, schematic } = only
  if (schematic === true && given === undefined) return 'no schematic was given: --schematic FILE'
  if (reference === true && contract.reference === undefined && lock?.reference === undefined)
    return 'the contract names no reference to compare with'
  if (profile === 'cozystack' && contract.cozystack !== true) return 'the contract does not say cozystack: true'
  if (role !== undefined && variant.role !== role) return `${name} is no ${role}`
  if (extension !== undefined && !variant.extensions.includes(extension)) return `${name} has no extension ${extension}`
  if (service !== undefined && !variant.serviceConfigurations.includes(service))
    return `${name} has no service ${service}`
  return undefined
}

function isOfForm(forms: readonly MediumForm[] | undefined, { parts }: CandidateTargets): boolean {
  const form = parts.media?.form
  return forms === undefined || (form !== undefined && forms.includes(form))
}

function reasonWithout(asked: readonly Target[]): string {
  if (asked.every((target) => target === 'node')) return 'no running node was given: npm run node-check'
  if (asked.every((target) => target === 'boot')) return 'the image was not booted: npm run boot'
  if (asked.every((target) => target === 'config')) return 'no machine configuration was given: --config FILE'
  return `the candidate has no target ${asked.join(', ')}`
}

/**
 * The target `image` is part of every other target of an image: an installer whose manifest is not judged is not
 * judged.
 */
function isAsked(target: Target, targets: readonly Target[] | undefined): boolean {
  return (
    targets === undefined ||
    targets.includes(target) ||
    (target === 'image' && targets.some((one) => !isImageless(one)))
  )
}

function speaksOf(target: Target, part: JudgedPart, { parts, targets }: CandidateTargets): boolean {
  const found = parts[part]
  if (found === undefined) return false
  if (target === 'image' || target === 'release') return found.image && isPartAsked(part, targets)
  if (target === 'registry') return found.registry === true && isPartAsked(part, targets)
  return target === part
}

/** True for a part that --target asks for: with `--target assets` the installer's manifest is not judged. */
function isPartAsked(part: JudgedPart, targets: readonly Target[] | undefined): boolean {
  if (targets === undefined || targets.includes(part) || targets.includes('image')) return true
  return !targets.includes('installer') && !targets.includes('assets')
}
