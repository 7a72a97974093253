// From a reference to a candidate: its parts opened once, its digest and its variant read.
import { describeError, formatLocation, HarnessError } from '#harness/errors.ts'
import { isMedium, renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import type { Advisory } from '#specs/contract/advisories.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { MediumForm } from '#specs/contract/tags.ts'
import type { Target } from '#specs/support/requirement.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { UsageError } from '../usage-error.ts'
import type { BootSummary } from '../verdict/conformance.ts'
import type { OpenedPart, PartPlace } from './part.ts'
import { openParts } from './parts.ts'

export type Candidate = CandidateInput & {
  readonly reference: string
  readonly digest?: string
  /** The digest of the installer's manifest, where the digest is that of an index. */
  readonly manifest?: string
  /** The digest of the asset image, where there is an installer image beside it. */
  readonly assetsDigest?: string
  /** The Talos tag that the image itself claims. */
  readonly claimedTalos?: string
  /** What an image without our label was found to be. */
  readonly identified?: string
  /** What a start of the image came to. */
  readonly bootSummary?: BootSummary
}

export type CandidateOptions = PartPlace & {
  readonly contract: Contract
  /** Advisories; those that are shipped by default. */
  readonly advisories?: readonly Advisory[] | undefined
  readonly lock?: Lock | undefined
  readonly variant?: string | undefined
  readonly targets?: readonly Target[] | undefined
  /** True if an image without a label and without `variant` is looked into; its variant is '' until then. */
  readonly identify?: boolean
  /** The asset image of the candidate, where it is not beside the installer. */
  readonly assets?: Reference | undefined
}

/** A candidate with its parts; the caller closes them. */
export type OpenedCandidate = { readonly candidate: Candidate; readonly parts: readonly OpenedPart[] }

/** Throws UsageError, in one sentence, for what is no candidate at all. */
export async function openCandidate(
  reference: Reference,
  key: string,
  options: CandidateOptions,
): Promise<OpenedCandidate> {
  const name = renderReference(reference)
  const parts = await openParts(reference, options.assets, options).catch((error: unknown) => {
    if (error instanceof HarnessError)
      throw new UsageError(`${name}: ${describeAbout(reference, error)}`, { cause: error })
    throw error
  })
  try {
    return { candidate: describe(name, key, parts, options), parts }
  } catch (error) {
    await Promise.all(parts.map(({ talos }) => talos.close()))
    throw error
  }
}

/**
 * The error without the kind and the path that the name of the reference says already; a path that is not there reads
 * as an image of Docker Hub.
 */
export function describeAbout(reference: Reference, { message, at }: HarnessError): string {
  const own = message.startsWith(`${reference.kind}: `) ? message.slice(reference.kind.length + 2) : message
  const isSaid = 'path' in reference && formatLocation(at) === reference.path
  const said = describeError({ message: own, at: isSaid ? undefined : at })
  const isShort = reference.kind === 'registry' && reference.registry === 'docker.io'
  return isShort ? `${said}; if a file or folder was meant: there is none at that path` : said
}

function describe(name: string, key: string, parts: readonly OpenedPart[], options: CandidateOptions): Candidate {
  const { contract, lock, targets, advisories } = options
  const installer = parts.find(({ part }) => part === 'installer')
  const assets = parts.find(({ part }) => part === 'assets')
  const { digest, labels = {} } = installer ?? assets ?? {}
  const claimedTalos = labels[VERSION_LABEL]
  return {
    key,
    // In a folder of several images the name of the one that was chosen.
    reference:
      installer === undefined || installer.reference.kind === 'registry' ? name : renderReference(installer.reference),
    variant: chooseVariant(name, labels[contract.labels.variant], options),
    ...(digest !== undefined && { digest }),
    ...(claimedTalos !== undefined && { claimedTalos }),
    ...(installer?.manifest !== undefined && { manifest: installer.manifest }),
    ...(installer && assets?.digest && { assetsDigest: assets.digest }),
    references: Object.fromEntries(parts.map(({ part, reference }) => [part, reference])),
    parts: Object.fromEntries(
      parts.map(({ part, content, reference }) => [
        part,
        {
          image: content !== undefined,
          registry: reference.kind === 'registry',
          ...(part === 'media' && { form: formOf(reference) }),
        },
      ]),
    ),
    ...(targets !== undefined && { targets }),
    pinned: lock !== undefined,
    ...(lock !== undefined && { lock }),
    contract,
    ...(advisories !== undefined && { advisories }),
  }
}

function formOf(reference: Reference): MediumForm {
  return isMedium(reference) ? reference.kind : 'dir'
}

function chooseVariant(
  reference: string,
  label: string | undefined,
  { contract, variant, identify = false }: CandidateOptions,
): string {
  const known = Object.keys(contract.variants).join(', ')
  const chosen = variant ?? label
  if (chosen === undefined && identify) return ''
  if (chosen === undefined)
    throw new UsageError(
      `${reference} carries no label ${contract.labels.variant}: say which it must be with --variant (${known})`,
    )
  if (variant !== undefined && label !== undefined && label !== variant)
    throw new UsageError(`${reference} says in its label that it is ${label}, --variant says ${variant}`)
  if (!Object.hasOwn(contract.variants, chosen))
    throw new UsageError(`${reference}: unknown variant ${chosen}; defined: ${known}`)
  return chosen
}
