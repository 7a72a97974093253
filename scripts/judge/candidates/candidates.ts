// From what was typed to candidates: open each reference once, read its digest and its variant.
import type { Digest } from '#harness/bytes/digest.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { describeError, HarnessError, NotFoundError } from '#harness/errors.ts'
import { openDirectoryTree } from '#harness/fs/directory-tree.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openStore } from '#harness/oci/open.ts'
import { parseReference, renderReference, type Reference } from '#harness/oci/image/reference.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { INITRAMFS, KERNEL } from '#harness/talos/asset-paths.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import type { Advisory } from '#specs/contract/advisories.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { Target } from '#specs/support/requirement.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { UsageError } from '../usage-error.ts'
import { findParts } from './parts.ts'

export type Candidate = CandidateInput & {
  readonly reference: string
  readonly digest?: string
  /** Of the asset image, where there is an installer image beside it. */
  readonly assetsDigest?: string
  /** The Talos tag that the image itself claims. */
  readonly claimedTalos?: string
}

export type CandidateOptions = {
  readonly contract: Contract
  /** Those that are shipped by default. */
  readonly advisories?: readonly Advisory[] | undefined
  readonly lock?: Lock | undefined
  readonly variant?: string | undefined
  readonly targets?: readonly Target[] | undefined
  readonly cacheFolder: string
  /** The asset image of the candidate, where it does not lie beside the installer. */
  readonly assets?: string | undefined
  /** What registries are read through; needed for references to one. */
  readonly registry?: RegistryAccess | undefined
}

/** Throws UsageError, in one sentence, for what is no candidate at all. */
export async function openCandidate(text: string, key: string, options: CandidateOptions): Promise<Candidate> {
  try {
    const reference = parseReference(text)
    const looking = new Spool(areaFolder(options.cacheFolder, 'spool'))
    const open = (one: Reference): Promise<ContentStore> => openStore(one, { spool: looking, ...registryOf(options) })
    const parts = {
      ...(await findParts(reference, open)),
      ...(options.assets !== undefined && { assets: parseReference(options.assets) }),
    }
    const installer = parts.installer && (await lookInto(parts.installer, options))
    const assets = parts.assets && (await lookInto(parts.assets, options))
    const named = (installer ?? assets)?.labels[options.contract.labels.variant]
    const variant = chooseVariant(renderReference(reference), named, options)
    const identity = (installer ?? assets)?.identity
    return {
      key,
      reference: renderReference(parts.installer ?? reference),
      variant,
      ...identity,
      ...(installer && assets?.identity.digest && { assetsDigest: assets.identity.digest }),
      references: { ...(installer && { installer: installer.pinned }), ...(assets && { assets: assets.pinned }) },
      parts: {
        ...(installer && { installer: { image: true, registry: isInRegistry(parts.installer) } }),
        ...(assets && { assets: { image: assets.isImage, registry: isInRegistry(parts.assets) } }),
      },
      ...(options.targets !== undefined && { targets: options.targets }),
      pinned: options.lock !== undefined,
      ...(options.lock !== undefined && { lock: options.lock }),
      contract: options.contract,
      ...(options.advisories !== undefined && { advisories: options.advisories }),
    }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${text}: ${describeError(error)}`, { cause: error })
  }
}

function isInRegistry(reference: Reference | undefined): boolean {
  return reference?.kind === 'registry'
}

type Found = {
  /** The reference by which the part is read from now on. */
  readonly pinned: string
  readonly isImage: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly identity: { readonly digest?: Digest; readonly claimedTalos?: string }
}

function registryOf({ registry }: CandidateOptions): { readonly registry?: RegistryAccess } {
  return registry === undefined ? {} : { registry }
}

function lookInto(reference: Reference, options: CandidateOptions): Promise<Found> {
  return reference.kind === 'dir' ? lookIntoFolder(reference) : lookIntoImage(reference, options)
}

/** A tag may move while we judge: everybody after us reads the digest that it named. */
function pinReference(reference: Reference, digest: Digest): string {
  return renderReference(reference.kind === 'registry' ? { ...reference, digest } : reference)
}

async function lookIntoFolder(reference: Extract<Reference, { kind: 'dir' }>): Promise<Found> {
  const folder = await openDirectoryTree(reference.path)
  try {
    if (!folder.tree.has(KERNEL) && !folder.tree.has(INITRAMFS))
      throw new NotFoundError(
        'BLOB_UNKNOWN',
        'expected an asset tree with boot/vmlinuz and boot/initramfs.xz, got neither',
      )
    return { pinned: renderReference(reference), isImage: false, labels: {}, identity: {} }
  } finally {
    await folder.close()
  }
}

async function lookIntoImage(
  reference: Exclude<Reference, { kind: 'dir' }>,
  options: CandidateOptions,
): Promise<Found> {
  const spool = new Spool(areaFolder(options.cacheFolder, 'spool'))
  const store = await openStore(reference, { spool, ...registryOf(options) })
  try {
    const image = await openImage(store, { spool })
    const labels = await labelsOf(image)
    const claimedTalos = labels[VERSION_LABEL]
    const { digest } = image.root.descriptor
    return {
      pinned: pinReference(reference, digest),
      isImage: true,
      labels,
      identity: { digest, ...(claimedTalos !== undefined && { claimedTalos }) },
    }
  } finally {
    await store.close()
    await spool.close()
  }
}

/** A config that cannot be read says no variant; the rules say what is wrong with it. */
async function labelsOf(image: Awaited<ReturnType<typeof openImage>>): Promise<Readonly<Record<string, string>>> {
  try {
    return (await image.config()).config?.Labels ?? {}
  } catch (error) {
    if (error instanceof HarnessError) return {}
    throw error
  }
}

function chooseVariant(reference: string, label: string | undefined, { contract, variant }: CandidateOptions): string {
  const known = Object.keys(contract.variants).join(', ')
  const chosen = variant ?? label
  if (chosen === undefined)
    throw new UsageError(
      `${reference} carries no label ${contract.labels.variant}: say which it must be with --variant (${known})`,
    )
  if (variant !== undefined && label !== undefined && label !== variant)
    throw new UsageError(`${reference} says in its label that it is ${label}, --variant says ${variant}`)
  if (!Object.hasOwn(contract.variants, chosen))
    throw new UsageError(`${reference}: the contract knows no variant ${chosen}, only ${known}`)
  return chosen
}
