// One variant as `npm run build` left it: an image layout with the installer and its asset image, ready to be pushed.
import { digestOf } from '#harness/bytes/digest.ts'
import { bytesSource, readAll } from '#harness/bytes/source.ts'
import { IntegrityError, NotFoundError } from '#harness/errors.ts'
import { readDocument } from '#harness/oci/image/document.ts'
import { isManifest } from '#harness/oci/image/media-types.ts'
import type { BlobToPush } from '#harness/oci/push/push.ts'
import { configSchema, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, parseDocument } from '#harness/oci/image/schemas.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'
import { openLayout } from '#harness/oci/disk/store-layout.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { LOCK_LABEL, type Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock } from '#specs/contract/lock.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { PublishError } from './publish-error.ts'

export type LayoutImage = {
  /** Media type, digest and size of the manifest; nothing of the layout's own. */
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  /** Its place in the layout. */
  readonly reference: { readonly kind: 'oci'; readonly path: string; readonly tag: string }
  /** Config and layers. */
  readonly blobs: readonly BlobToPush[]
}

export const PARTS = ['assets', 'installer'] as const
export type PublishedPart = (typeof PARTS)[number]

export type VariantLayout = Readonly<Record<PublishedPart, LayoutImage>> & {
  readonly variant: string
  readonly folder: string
  readonly close: () => Promise<void>
}

export type LayoutFacts = {
  readonly variant: string
  readonly contract: Contract
  readonly lock: Lock & { readonly talos: string }
}

/** PublishError LAYOUT for anything but the two images of this variant, of this lock; errors of `openLayout`. */
export async function openVariantLayout(folder: string, facts: LayoutFacts): Promise<VariantLayout> {
  const stores: ContentStore[] = []
  const open = async (tag: string): Promise<LayoutImage> => {
    const reference = { kind: 'oci', path: folder, tag } as const
    const store = await openLayout(reference)
    stores.push(store)
    return { reference, ...(await readImage(store, facts)) }
  }
  const close = async (): Promise<void> => {
    await Promise.all(stores.map((store) => store.close()))
  }
  try {
    const { talos } = facts.lock
    return {
      variant: facts.variant,
      folder,
      installer: await open(talos),
      assets: await open(talos + ASSETS_SUFFIX),
      close,
    }
  } catch (error) {
    await close()
    if (error instanceof NotFoundError)
      throw new PublishError('LAYOUT', `${folder}: ${error.message}: npm run build makes it`)
    throw error
  }
}

async function readImage(
  store: ContentStore,
  { variant, contract, lock }: LayoutFacts,
): Promise<Omit<LayoutImage, 'reference'>> {
  const { mediaType, digest, size } = await store.resolve()
  const at = { path: store.name, digest }
  const descriptor = { mediaType, digest, size }
  const bytes = await readAll(await store.open(descriptor), MAX_MANIFEST_BYTES)
  const got = digestOf(bytes)
  if (got !== digest || bytes.length !== size)
    throw new IntegrityError('DIGEST_MISMATCH', `manifest: expected ${digest} of ${size} bytes, got ${got}`, {
      at,
      got,
      want: digest,
      bytesRead: bytes.length,
    })
  const read = await readDocument(bytesSource(bytes, at), descriptor)
  if (read.kind !== 'manifest' || !isManifest(mediaType))
    throw new PublishError('LAYOUT', `${store.name}: expected a plain manifest, got an index`)
  const { config, layers } = read.document
  const labels = await readLabels(store, config)
  const expect = (label: string, expected: string, hint: string): void => {
    if (labels[label] === expected) return
    const said = labels[label] === undefined ? 'none' : JSON.stringify(labels[label].slice(0, 100))
    throw new PublishError('LAYOUT', `${store.name}: expected label ${label} ${expected}, got ${said}: ${hint}`)
  }
  expect(contract.labels.variant, variant, 'it is another variant')
  const hint = 'it was built from another lock: build it again, or name that lock with --lock'
  expect(LOCK_LABEL, lockDigest(lock), hint)
  const toBlob = (part: Descriptor): BlobToPush => ({
    digest: part.digest,
    size: part.size,
    open: () => store.open(part),
  })
  return { descriptor, bytes, blobs: [config, ...layers].map(toBlob) }
}

async function readLabels(store: ContentStore, config: Descriptor): Promise<Readonly<Record<string, string>>> {
  const source = await store.open(config)
  const bytes = await readAll(source, MAX_CONFIG_BYTES)
  return parseDocument(bytes, configSchema, 'config', source.where, MAX_CONFIG_BYTES).config?.Labels ?? {}
}
