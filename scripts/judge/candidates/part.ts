// A part of a candidate, opened once: looked into, listed, pulled, and read for what is inside of it.
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import { HarnessError, NotFoundError } from '#harness/errors.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import type { ImageDocument } from '#harness/oci/image/document.ts'
import type { OciImage } from '#harness/oci/image/image.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import { openStore } from '#harness/oci/open.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { assetsIn, openAssets } from '#harness/talos/assets.ts'
import { installerIn } from '#harness/talos/installer.ts'
import { openMedium } from '#harness/talos/media/open.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Part } from '#specs/contract/tags.ts'

export type OpenedPart = {
  readonly part: Part
  /** The reference by which it is read from now on: a tag may move while it is judged. */
  readonly reference: Reference
  /** The image; undefined for a folder and a medium. */
  readonly content: { readonly store: ContentStore; readonly image: OciImage } | undefined
  /** The digest of the image that the reference names; undefined for a folder and a medium. */
  readonly digest: Digest | undefined
  /** The digest of the manifest for this architecture, where `digest` is that of an index. */
  readonly manifest?: Digest
  /** Labels; none where the config cannot be read: the rules say what is wrong with it. */
  readonly labels: Readonly<Record<string, string>>
  readonly talos: TalosPart
}

export type PartPlace = {
  readonly cacheFolder: string
  /** The access to registries; needed for references to one. */
  readonly registry?: RegistryAccess | undefined
  /** The limits of each reference. */
  readonly limits?: BudgetLimits | undefined
}

/** The facts of a part that is no image. */
const UNPUBLISHED = { content: undefined, digest: undefined, labels: {} } as const

/** The caller closes `talos`. Errors of `openImage`; NotFoundError for a folder without boot files; those of `openMedium`. */
export async function openPart(part: Part, reference: Reference, place: PartPlace): Promise<OpenedPart> {
  if (part === 'media')
    return {
      ...UNPUBLISHED,
      part,
      reference,
      talos: await openMedium(reference, { spool: spoolOf(place), registry: place.registry }),
    }
  return reference.kind === 'dir' ? openFolder(part, reference, place) : openImagePart(part, reference, place)
}

/** The names of all images in the place that `reference` names. */
export async function listNames(reference: Reference, place: PartPlace): Promise<readonly string[]> {
  const store = await openStore(reference, { spool: spoolOf(place), registry: place.registry })
  try {
    return (await store.names?.()) ?? []
  } finally {
    await store.close()
  }
}

function spoolOf({ cacheFolder, limits }: PartPlace): Spool {
  return new Spool(areaFolder(cacheFolder, 'spool'), limits)
}

async function openFolder(part: Part, reference: Reference, place: PartPlace): Promise<OpenedPart> {
  const talos = await openAssets(reference, { spool: spoolOf(place) })
  const files = await talos.files()
  if (files.has('boot/vmlinuz') || files.has('boot/initramfs.xz')) return { ...UNPUBLISHED, part, reference, talos }
  await talos.close()
  throw new NotFoundError(
    'BLOB_UNKNOWN',
    'expected an asset tree with boot/vmlinuz and boot/initramfs.xz, or kernel and initramfs under the names of imager, GitHub or PXE, got none of them',
  )
}

async function openImagePart(part: Part, reference: Reference, place: PartPlace): Promise<OpenedPart> {
  const spool = spoolOf(place)
  const store = await openStore(reference, { spool, registry: place.registry })
  const talos = part === 'installer' ? installerIn(store, { spool }) : assetsIn(store, { spool })
  try {
    const image = await talos.image()
    const { digest } = image.root.descriptor
    const manifest = (await documentsOf(image))[1]
    return {
      part,
      reference: reference.kind === 'registry' ? { ...reference, digest } : reference,
      content: { store, image },
      digest,
      ...(manifest !== undefined && { manifest: manifest.descriptor.digest }),
      labels: await labelsOf(image),
      talos,
    }
  } catch (error) {
    await talos.close()
    throw error
  }
}

/** Documents; none where they cannot be read: the rules say what is wrong. */
async function documentsOf(image: OciImage): Promise<readonly ImageDocument[]> {
  try {
    return await image.documents()
  } catch (error) {
    if (error instanceof HarnessError) return []
    throw error
  }
}

async function labelsOf(image: OciImage): Promise<Readonly<Record<string, string>>> {
  try {
    return Object.fromEntries(await image.labels())
  } catch (error) {
    if (error instanceof HarnessError) return {}
    throw error
  }
}
