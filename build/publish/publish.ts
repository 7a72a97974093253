// The order in which a release appears: blobs, manifests under tags that never move, what refers to them, and at the
// very end the version tags. Whatever ends it early, no version tag names an image that is not whole, signed and there.
import type { Digest } from '#harness/bytes/digest.ts'
import type { RegistryClient } from '#harness/oci/client/client.ts'
import { pushManifest, resolveTag } from '#harness/oci/push/manifest.ts'
import { moveTag } from '#harness/oci/push/tag.ts'
import { pushReferrer } from '#harness/oci/push/referrer.ts'
import { pushBlobs, type BlobOutcome, type BlobToPush } from '#harness/oci/push/push.ts'
import type { PushOptions } from '#harness/oci/push/client.ts'
import { bytesSource } from '#harness/bytes/source.ts'
import { RegistryError } from '#harness/errors.ts'
import { releaseTags, type ReleaseTags } from '#specs/contract/tags.ts'
import { legacyTag, type PushManifest } from '../signing/artifacts.ts'
import { PublishError } from './publish-error.ts'
import { PARTS, type LayoutFacts, type LayoutImage, type PublishedPart, type VariantLayout } from './variant-layout.ts'

export type Publication = {
  readonly layout: VariantLayout
  readonly repository: string
  readonly tags: Readonly<Record<PublishedPart, ReleaseTags>>
}

/** A publication under the tags that lock and contract give it. */
export function toPublication(
  layout: VariantLayout,
  repository: string,
  { lock, contract }: Omit<LayoutFacts, 'variant'>,
): Publication {
  const tags = { installer: releaseTags('installer', lock, contract), assets: releaseTags('assets', lock, contract) }
  return { layout, repository, tags }
}

export type PublishOptions = PushOptions & {
  /** Referrers of an image: signatures, attestations, documents. Made when its image is there. */
  readonly attach: (publication: Publication, image: LayoutImage) => Promise<readonly PushManifest[]>
  /** True if signatures are among what is attached. */
  readonly signed: boolean
  /** A callback as each phase begins. */
  readonly onPhase?: ((phase: string) => void) | undefined
}

export type PublishOutcome = {
  /** Publications that were there before, tags and signatures and all; nothing was written about them. */
  readonly already: readonly Publication[]
  readonly blobs: Readonly<Record<BlobOutcome, number>>
  readonly attached: number
}

/**
 * Publishes all of `publications`, of one registry. PublishError TAG before anything is written where a tag that never
 * moves names other bytes; errors of `pushBlobs`, `pushManifest` and `pushReferrer`. Rerun to resume.
 */
export async function publish(
  client: RegistryClient,
  publications: readonly Publication[],
  options: PublishOptions,
): Promise<PublishOutcome> {
  const { signal, onPhase } = options
  onPhase?.('looking at what is there')
  const already: Publication[] = []
  for (const one of publications) if (await isPublished(client, one, options)) already.push(one)
  const missing = publications.filter((one) => !already.includes(one))
  if (missing.length === 0) return { already, blobs: { present: 0, mounted: 0, uploaded: 0 }, attached: 0 }

  onPhase?.('pushing blobs')
  const blobs = { present: 0, mounted: 0, uploaded: 0 }
  for (const one of missing)
    for (const outcome of await pushLayout(client, one, publications, options)) blobs[outcome] += 1

  onPhase?.('pushing manifests under the immutable tags')
  await setTags(client, missing, 'immutableTag', signal)

  onPhase?.(options.signed ? 'signing, and attaching what vouches for it' : 'attaching documents, unsigned')
  let attached = 0
  for (const one of missing)
    for (const part of PARTS) attached += await attachAll(client, one, one.layout[part], options)

  onPhase?.('setting the version tags')
  for (const one of missing) await checkTags(client, one, signal)
  await setTags(client, missing, 'version', signal)

  onPhase?.('reading the tags back')
  for (const one of missing) await confirm(client, one, signal)
  return { already, blobs, attached }
}

/**
 * Assets before the installer, since that is what people ask for. PublishError TAG where somebody else set a tag first:
 * of two who publish at once, one ends at the first tag, before it wrote another.
 */
async function setTags(
  client: RegistryClient,
  publications: readonly Publication[],
  kind: keyof ReleaseTags,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { repository, tags, layout } of publications)
    for (const part of PARTS) {
      const { bytes, descriptor } = layout[part]
      const tag = tags[part][kind]
      const found = await moveTag(client, repository, { ...descriptor, bytes }, { tag, from: undefined, signal })
      if (found !== descriptor.digest)
        throw new PublishError(
          'TAG',
          `${client.registry}/${repository}:${tag}: somebody else publishes it at this moment: expected ${descriptor.digest}, got ${found ?? 'none'}; see what they publish, then run it again`,
        )
    }
}

/** PublishError TAG for a tag of the four that names other bytes. */
async function checkTags(
  client: RegistryClient,
  { repository, tags, layout }: Publication,
  signal: AbortSignal | undefined,
): Promise<readonly (Digest | undefined)[]> {
  const found: (Digest | undefined)[] = []
  for (const part of PARTS)
    for (const tag of [tags[part].version, tags[part].immutableTag]) {
      const named = await resolveTag(client, repository, tag, signal)
      const { digest } = layout[part].descriptor
      if (named !== undefined && named !== digest)
        throw new PublishError(
          'TAG',
          `${client.registry}/${repository}:${tag}: expected ${digest} or nothing, got ${named}: a published tag never moves; publish under another namespace, or another version`,
        )
      found.push(named)
    }
  return found
}

/** The version tags come last, so that what was there before them is there; signatures may not have been asked for. */
async function isPublished(
  client: RegistryClient,
  publication: Publication,
  { signal, signed }: PublishOptions,
): Promise<boolean> {
  const found = await checkTags(client, publication, signal)
  if (found.includes(undefined)) return false
  if (!signed) return true
  const { repository, layout } = publication
  for (const part of PARTS) {
    const tag = legacyTag(layout[part].descriptor.digest, 'sig')
    if ((await resolveTag(client, repository, tag, signal)) === undefined) return false
  }
  return true
}

/** A blob that another variant has is mounted from there: that one is pushed before, or was there already. */
async function pushLayout(
  client: RegistryClient,
  publication: Publication,
  all: readonly Publication[],
  options: PushOptions,
): Promise<readonly BlobOutcome[]> {
  const before = all
    .slice(0, all.indexOf(publication))
    .filter(({ repository }) => repository !== publication.repository)
  const places = new Map(before.flatMap((one) => blobsOf(one).map(({ digest }) => [digest, one.repository] as const)))
  const blobs = blobsOf(publication).map((blob) => ({ ...blob, from: places.get(blob.digest) }))
  return pushBlobs(client, publication.repository, blobs, options)
}

/** Each once: a part may have a layer of the other. */
export function blobsOf({ layout }: Publication): readonly BlobToPush[] {
  const blobs = PARTS.flatMap((part) => layout[part].blobs)
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]
}

/** One after the other: the list of a fallback tag is read and written for each. */
async function attachAll(
  client: RegistryClient,
  publication: Publication,
  image: LayoutImage,
  { attach, signal }: PublishOptions,
): Promise<number> {
  const { repository } = publication
  const manifests = await attach(publication, image)
  for (const { blobs, ...manifest } of manifests) {
    const toPush = blobs.map(({ digest, bytes }) => ({
      digest,
      size: bytes.length,
      open: async () => bytesSource(bytes, { digest }),
    }))
    await pushBlobs(client, repository, toPush, { signal })
    const { subject, tag = manifest.digest } = manifest
    if (subject === undefined) await pushManifest(client, repository, manifest, tag, { signal })
    else
      await pushReferrer(client, repository, { ...manifest, subject }, signal).catch((error: unknown) => {
        throw isRefusal(error) ? wayOn(error) : error
      })
  }
  return manifests.length
}

/** Statuses by which registries say that they do not take such a manifest; GitLab answers 400 for its media types. */
const REFUSALS: readonly (number | undefined)[] = [400, 405, 406, 415, 422]

function isRefusal(error: unknown): error is RegistryError {
  return error instanceof RegistryError && REFUSALS.includes(error.status)
}

function wayOn(cause: RegistryError): RegistryError {
  const { code, status, request } = cause
  const message = `${cause.message}: where a registry takes no manifest that refers to another, --tag-signatures-only attaches by cosign's tags`
  return new RegistryError(code, message, {
    cause,
    ...(status !== undefined && { status }),
    ...(request !== undefined && { request }),
  })
}

async function confirm(
  client: RegistryClient,
  publication: Publication,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await checkTags(client, publication, signal)
  if (!found.includes(undefined)) return
  const { repository } = publication
  throw new PublishError('REGISTRY', `${client.registry}/${repository}: expected every tag that was set, got some`)
}
