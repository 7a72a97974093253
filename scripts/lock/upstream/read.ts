// The lock of one release, read off upstream's registry: what each image is and who signed it, then what is in them.
import { posix } from 'node:path'
import { readBaseFacts } from '#build/lock/base-facts.ts'
import { openReleaseFiles } from '#build/lock/boot-facts.ts'
import { readExtensionFacts } from '#build/lock/extension-facts.ts'
import { readUkiFacts, type UkiFacts } from '#build/lock/uki-facts.ts'
import { OF_KERNEL_IMAGE, UPSTREAM_FILES, type UpstreamFile } from '#build/upstream/upstream.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import { HarnessError, NotFoundError } from '#harness/errors.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { UKI_PATH, VERSION_LABEL } from '#harness/talos/installer.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import {
  extensionNames,
  heldExtensions,
  ownExtensions,
  ownKernel,
  type Contract,
  type HeldExtension,
  type OwnExtension,
  type OwnKernel,
} from '#specs/contract/contract.ts'
import { LOCK_SCHEMA, type Lock, type PinnedExtension } from '#specs/contract/lock.ts'
import { findExtensions, openExtension, readCatalogue } from './catalogue.ts'
import { checkFits, openHeldExtensions } from './held.ts'
import { about, LockError } from './lock-error.ts'
import { readOverlay, type WantedOverlay } from './overlays.ts'
import { inParallel } from './parallel.ts'
import { openNamedImage, openUpstreamImage, type Upstream, type UpstreamImage } from './upstream.ts'

const INSTALL = posix.dirname(UKI_PATH)

export type Request = {
  readonly talos: string
  /** Names of the contract's extensions. */
  readonly extensions: readonly string[]
  /** Those of the contract. */
  readonly overlays?: readonly WantedOverlay[] | undefined
  /** Those of the contract that are not in the catalogue. */
  readonly own?: readonly OwnExtension[]
  /** Those that the contract holds back at the catalogue of an older release. */
  readonly held?: readonly HeldExtension[]
  /** Where kernel and base initramfs are from, if not from upstream's imager. */
  readonly kernel?: OwnKernel | undefined
  readonly acceptMoved: boolean
}

/** What a lock must have for the contract. */
export function wantedBy(contract: Contract): Omit<Request, 'talos' | 'acceptMoved'> {
  return {
    extensions: extensionNames(contract),
    overlays: contract.overlays,
    own: ownExtensions(contract),
    held: heldExtensions(contract),
    kernel: ownKernel(contract),
  }
}

/** LockError, naming the image, for whatever is wrong: nothing is left out but what upstream does not say. */
export async function readLock(
  upstream: Upstream,
  { talos, extensions, overlays: boards, own = [], held = [], kernel, acceptMoved }: Request,
): Promise<Lock> {
  const installerBase = await openTalosImage(upstream, 'installer-base', talos).catch((error: unknown) => {
    if (error instanceof LockError && error.cause instanceof NotFoundError)
      throw new LockError(
        'wrong',
        `${upstream.mirror}/installer-base:${talos}: no such release: ${error.cause.message}`,
      )
    throw error
  })
  const catalogue = await readCatalogue(upstream, talos)
  const found = findExtensions(catalogue, extensions)
  // Names, digests and signatures come first: they are quick to read, and layers are big.
  const [imager, installer, packages, older, kernelImage] = await inParallel([
    () => openTalosImage(upstream, 'imager', talos),
    () => openInstallerImage(upstream, talos),
    () => inParallel(found.map((extension) => () => openExtension(upstream, extension, { talos, acceptMoved }))),
    () => openHeldExtensions(upstream, held, acceptMoved),
    () => openOwnKernel(upstream, kernel, talos),
  ])
  const [base, boot, uki, contents, overlays, others] = await inParallel([
    () => about(installerBase.name, () => readBaseFacts(installerBase.image)),
    () => readBootFiles(upstream, imager, kernelImage),
    () => readInstaller(upstream, installer),
    () =>
      inParallel(
        [...packages, ...older].map(
          (one) => () => readExtension(upstream, { ...one, shown: one.name, name: one.part }, talos),
        ),
      ),
    () => inParallel((boards ?? []).map((one) => () => readOverlay(upstream, one))),
    () => inParallel(own.map((one) => () => readOwnExtension(upstream, one, talos))),
  ])
  const { kernelRelease } = boot
  for (const image of [...older, ...others.filter(({ pin }) => pin.held !== undefined)])
    await checkFits(upstream, image, { talos, kernelRelease })
  return {
    schema: LOCK_SCHEMA,
    talos,
    ...boot,
    ...uki,
    installerBase: { ...installerBase.pinned, ...base },
    imager: imager.pinned,
    ...(kernelImage && { kernelImage: kernelImage.pinned }),
    ...(installer && { installer: installer.pinned }),
    catalogue: catalogue.pinned,
    extensions: [...contents, ...others.map(({ pin }) => pin)],
    ...(boards !== undefined && { overlays }),
  }
}

/** One of Talos' own images, which must say that it is of this release. */
async function openTalosImage(upstream: Upstream, name: string, talos: string): Promise<UpstreamImage> {
  return checkRelease(await openUpstreamImage(upstream, { name, tag: talos }), talos)
}

async function checkRelease(opened: UpstreamImage, talos: string): Promise<UpstreamImage> {
  const label = (await about(opened.name, () => opened.image.labels())).get(VERSION_LABEL)
  if (label === talos) return opened
  throw new LockError(
    'wrong',
    `${opened.name}: expected an image of Talos ${talos}, got one of ${label ?? 'no release'}`,
  )
}

/** Opens the installer image; undefined where upstream has none. */
async function openInstallerImage(upstream: Upstream, talos: string): Promise<UpstreamImage | undefined> {
  const name = `${upstream.mirror}/installer:${talos}`
  // For an unknown release the registry decides.
  const isPublished = await about(name, async () => quirksOf(talos).publishesInstaller).catch((error: unknown) => {
    if (error instanceof LockError && error.failure === 'unknown') return true
    throw error
  })
  if (!isPublished) return undefined
  return openTalosImage(upstream, 'installer', talos).catch((error: unknown) => {
    if (!(error instanceof LockError && error.cause instanceof NotFoundError)) throw error
    upstream.note(`${name}: there is none: the lock has no installer, commandLine and ukiSections`)
    return undefined
  })
}

/** Opens the imager with a kernel of one's own, which must be of this release. */
async function openOwnKernel(
  upstream: Upstream,
  kernel: OwnKernel | undefined,
  talos: string,
): Promise<UpstreamImage | undefined> {
  if (kernel === undefined) return undefined
  const opened = await openNamedImage(upstream, kernel.image, [kernel.signer])
  return about(opened.name, async () => {
    const tree = await opened.image.tree()
    if (!tree.has(posix.join(INSTALL, UPSTREAM_FILES.kernel)) && tree.has('boot/vmlinuz'))
      throw new LockError(
        'wrong',
        `${opened.name}: expected an imager, got a kernel of siderolabs/pkgs alone: its modules belong into the initramfs, which make imager PKG_KERNEL=${kernel.image} of siderolabs/talos makes`,
      )
    return checkRelease(opened, talos)
  })
}

/** Reads kernel and initramfs of `own`, where there is one, and everything else of upstream's imager. */
async function readBootFiles(
  { spool, note, step }: Upstream,
  imager: UpstreamImage,
  own: UpstreamImage | undefined,
): Promise<Partial<Lock>> {
  const { name } = own ?? imager
  step(`${name}: kernel and initramfs`)
  return about(name, async () => {
    const [upstreams, owns] = [await imager.image.tree(), await own?.image.tree()]
    const files: Partial<Record<UpstreamFile, ByteSource>> = {}
    for (const [key, file] of Object.entries(UPSTREAM_FILES)) {
      const tree = OF_KERNEL_IMAGE.has(key as UpstreamFile) ? (owns ?? upstreams) : upstreams
      files[key as UpstreamFile] = await fileIn(tree, posix.join(INSTALL, file))
    }
    const reader = openReleaseFiles(files as Record<UpstreamFile, ByteSource>, spool)
    const facts = await reader.facts()
    if (facts.sourceDate === undefined) note(`${name}: its initramfs has several times: the lock has no sourceDate`)
    const moduleKey = await reader.moduleKey().catch((error: unknown) => {
      if (!(error instanceof HarnessError)) throw error
      note(`${name}: ${error.message}: the lock has no moduleKey`)
    })
    return { ...facts, ...(moduleKey && { moduleKey }) }
  })
}

async function readInstaller({ step }: Upstream, installer: UpstreamImage | undefined): Promise<UkiFacts> {
  if (installer === undefined) return {}
  step(`${installer.name}: UKI`)
  return about(installer.name, async () => readUkiFacts(await installer.image.tree()))
}

type OpenedExtension = Pick<UpstreamImage, 'store' | 'pinned'> & {
  readonly shown: string
  readonly name: string
  readonly isOwn?: boolean
  readonly held?: string | undefined
}

async function readExtension(
  { spool, step }: Upstream,
  { shown, name, store, pinned, isOwn = false, held }: OpenedExtension,
  talos: string,
): Promise<PinnedExtension> {
  step(`${shown}: contents`)
  const origin = { reference: pinned.reference, talos, name, isOwn }
  const { name: own, ...facts } = await about(shown, () => readExtensionFacts(store, spool, origin))
  if (own === name) return { name, ...pinned, ...facts, ...(held !== undefined && { held }) }
  throw new LockError('wrong', `${shown}: expected the extension ${name}, got ${own}`)
}

type OwnPin = Pick<UpstreamImage, 'pinned' | 'store'> & { readonly pin: PinnedExtension }

async function readOwnExtension(
  upstream: Upstream,
  { name, image, signer, talos: held }: OwnExtension,
  talos: string,
): Promise<OwnPin> {
  const { name: shown, store, pinned } = await openNamedImage(upstream, image, [signer])
  const pin = await readExtension(upstream, { shown, name, store, pinned, isOwn: true, held }, talos)
  return { pinned, store, pin }
}
