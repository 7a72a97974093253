// The plan of a build, before anything is read: every part by digest, or one sentence on what is missing.
import { quirksOf, type Quirks } from '#harness/talos/quirks.ts'
import { architectureOf } from '#specs/contract/architecture.ts'
import { COMMAND_LINE, UKI_ASSET } from '#specs/contract/asset-tree.ts'
import { admitsTalos, overlayArguments, ownKernel, type Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock, type PinnedExtension, type PinnedFile } from '#specs/contract/lock.ts'
import { ASSETS_SUFFIX, inputsDigest } from '#specs/contract/tags.ts'
import { BuildError } from './build-error.ts'
import { composeCommandLine } from './command-line.ts'
import { toLabels } from './labels.ts'
import type { PlannedOverlay } from './overlay.ts'
import type { PinnedImage, UpstreamFile } from './upstream/upstream.ts'

/** Files that the contract may declare beside those that every asset tree has. */
const BUILDABLE_ASSETS: readonly string[] = [COMMAND_LINE, UKI_ASSET]

export type Plan = {
  readonly variant: string
  readonly talos: string
  readonly architecture: ReturnType<typeof architectureOf>
  /** Names of the two images in the layout. */
  readonly tags: { readonly installer: string; readonly assets: string }
  /** Every time in what is built, seconds since 1970; 0 where the lock has none. */
  readonly sourceDate: number
  /** The lock's, against which the base is checked; absent where the lock does not say. */
  readonly kernelRelease: string | undefined
  readonly commit: string | undefined
  readonly installerBase: PinnedImage
  readonly files: Readonly<Record<UpstreamFile, PinnedFile>>
  /** Extensions in build order. */
  readonly extensions: readonly PinnedExtension[]
  /** The board's overlay, with the options of the contract. */
  readonly overlay?: PlannedOverlay
  readonly commandLine: string
  readonly resetCommandLine: string
  readonly labels: Readonly<Record<string, string>>
  readonly extraAssets: readonly string[]
  readonly quirks: Quirks
}

export type PlanOptions = {
  readonly lock: Lock
  readonly contract: Contract
  readonly variant: string
  /** The value of the revision label; `inputsRevision` where nothing is given. */
  readonly revision?: string | undefined
}

/** BuildError LOCK or CONTRACT; FormatError UNSUPPORTED for a Talos minor that is not known here. */
export function planVariant({ lock, contract, variant, revision }: PlanOptions): Plan {
  const wanted = contract.variants[variant]
  if (wanted === undefined)
    throw new BuildError(
      'CONTRACT',
      `unknown variant ${variant}; defined: ${Object.keys(contract.variants).join(', ')}`,
    )
  checkContract(contract)
  const talos = lock.talos
  const extensions = wanted.extensions.map((name) => ({
    name,
    pinned: lock.extensions?.find((one) => one.name === name),
  }))
  const files = {
    kernel: lock.kernel,
    baseInitramfs: lock.baseInitramfs,
    systemdStub: lock.systemdStub,
    systemdBoot: lock.systemdBoot,
  }
  const [overlay] = contract.overlays ?? []
  const pinnedOverlay = lock.overlays?.find(({ name }) => name === overlay?.name)
  const kernel = ownKernel(contract)
  const unpinned = extensions.filter(({ pinned }) => pinned === undefined).map(({ name }) => name)
  const missing = [
    ...Object.entries({ talos, ...files, installerBase: lock.installerBase }).flatMap(([name, fact]) =>
      fact === undefined ? [name] : [],
    ),
    ...(kernel !== undefined && lock.kernelImage === undefined ? [`a digest of ${kernel.image}`] : []),
    ...(overlay !== undefined && pinnedOverlay === undefined ? [`a digest of the overlay ${overlay.name}`] : []),
    ...(unpinned.length > 0 ? [`a digest of ${unpinned.join(', ')}`] : []),
  ]
  if (missing.length > 0 || talos === undefined)
    throw new BuildError(
      'LOCK',
      `the lock lacks ${missing.join(', ')}: npm run lock -- --talos ${talos ?? 'vX.Y.Z'} writes it`,
    )
  if (!admitsTalos(contract, talos))
    throw new BuildError('CONTRACT', `the contract is for Talos ${contract.talos}, the lock pins ${talos}`)
  if (kernel === undefined && lock.kernelImage !== undefined)
    throw new BuildError(
      'LOCK',
      `the lock pins the kernel of ${lock.kernelImage.reference}, which the contract does not name (kernel.image)`,
    )
  const quirks = quirksOf(talos)
  const commandLine = composeCommandLine({
    defaults: quirks.metalArm64CommandLine,
    overlay: overlayArguments(contract),
    extra: contract.extraKernelArguments,
  })
  const installerBase = lock.installerBase as PinnedImage
  return {
    variant,
    talos,
    architecture: architectureOf(contract),
    tags: { installer: talos, assets: talos + ASSETS_SUFFIX },
    sourceDate: lock.sourceDate ?? 0,
    kernelRelease: lock.kernelRelease,
    commit: lock.reference?.cozystackCommit,
    installerBase,
    files: files as Plan['files'],
    extensions: extensions.map(({ pinned }) => pinned as PinnedExtension),
    ...(pinnedOverlay && { overlay: { pinned: pinnedOverlay, options: overlay?.options ?? {} } }),
    commandLine,
    resetCommandLine: `${commandLine} ${quirks.installerProfile.argument}`,
    labels: toLabels({
      contract,
      variant,
      version: talos,
      revision: revision ?? inputsRevision(lock, contract),
      base: installerBase,
      lockDigest: lockDigest(lock),
    }),
    extraAssets: contract.extraAssets,
    quirks,
  }
}

/** 40 hex digits that identify contract and lock, which are all that a person or a machine decided about the image. */
export function inputsRevision(lock: Lock, contract: Contract): string {
  return inputsDigest(lock, contract).slice(0, 40)
}

function checkContract(contract: Contract): void {
  if (contract.secureBoot)
    throw new BuildError(
      'CONTRACT',
      'the contract asks for SecureBoot, for which only upstream’s imager can sign: use --profile-only',
    )
  const foreign = contract.extraAssets.filter((path) => !BUILDABLE_ASSETS.includes(path))
  if (foreign.length > 0)
    throw new BuildError(
      'CONTRACT',
      `the contract declares ${foreign.join(', ')}, which only upstream’s imager makes: only ${BUILDABLE_ASSETS.join(' and ')} are built here`,
    )
}
