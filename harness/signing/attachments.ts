// Attachments of an image in its registry: manifests that refer to it (OCI 1.1), and the tags that cosign made of its
// digest before there was such a thing (https://github.com/sigstore/cosign/blob/v2.6.0/specs/SIGNATURE_SPEC.md).
import type { Digest } from '../bytes/digest.ts'
import { readAll, type ByteSource } from '../bytes/source.ts'
import { FormatError, HarnessError, NotFoundError, RegistryError, type Location } from '../errors.ts'
import { fallbackTag } from '../oci/client/referrers.ts'
import { withDeadline } from '../oci/client/http/deadline.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../oci/image/media-types.ts'
import { readDocument, type ImageDocument } from '../oci/image/document.ts'
import { mapInParallel } from '../oci/parallel.ts'
import { renderReference, type RegistryReference } from '../oci/image/reference.ts'
import { MAX_MANIFEST_BYTES, type Descriptor } from '../oci/image/schemas.ts'
import { resolveIfThere, type RegistryAccess } from '../oci/registry/access.ts'
import { notCached } from '../oci/registry/fetch.ts'
import { artifactTypeOf, kindOf, type AttachmentKind } from './attachment-kind.ts'

export type Attachment = {
  readonly kind: AttachmentKind
  /** The layer's; the manifest's where the layer cannot be read. */
  readonly mediaType: string
  /** The bytes; empty where there is an `error`. */
  readonly bytes: Uint8Array
  /** The layer's annotations over those of its manifest. */
  readonly annotations: Readonly<Record<string, string>>
  /** `path` names the repository and the tag, if it was found by one; `digest` is that of the manifest. */
  readonly at: Location
  /** The manifest's own, as it says itself. */
  readonly artifactType?: string
  /** The reason that it cannot be read. */
  readonly error?: HarnessError
}

/** Manifests, and layers of them all. Real images have up to five; Talos looks at 100 layers of a tag. */
const MAX_ATTACHMENTS = 100
/** A bundle around a bill of materials of some MiB, in base64. */
const MAX_BYTES = 24 << 20
/** Limit for all together: they are held in memory. */
const MAX_TOTAL_BYTES = 128 << 20
/** The time for all questions and answers together: each has 8 s of its own, and up to five are one behind the other. */
const MAX_MS = 60_000
const NOTHING = new Uint8Array(0)
const LEGACY_SUFFIXES = ['.sig', '.att', '.sbom'] as const

type Place = {
  readonly reference: RegistryReference
  readonly access: RegistryAccess
  readonly signal?: AbortSignal | undefined
}
/** One manifest that may have something attached; `tag` where it was found by one. */
type Found = { readonly descriptor: Descriptor; readonly tag?: string; readonly mustRefer: boolean }

/**
 * Reads all attachments, in the order referrers, signatures, attestations, bill of materials. Says the same through an
 * access without network, once it was read through one with. What cannot be read is given with its error, and so is a
 * question that the registry did not answer (a RegistryError). FormatError `attachments` LIMIT_EXCEEDED where there is
 * too much of it; MALFORMED, SchemaError for an index of referrers that cannot be read.
 */
export async function readAttachments(
  access: RegistryAccess,
  { kind, registry, repository }: RegistryReference,
  digest: Digest,
  signal?: AbortSignal,
): Promise<readonly Attachment[]> {
  return withDeadline(MAX_MS, tooLong, signal, async (limited) =>
    readWithin({ access, reference: { kind, registry, repository }, signal: limited }, digest),
  )
}

async function readWithin(place: Place, digest: Digest): Promise<readonly Attachment[]> {
  const [referring, tagged] = await Promise.all([
    findReferrers(place, digest),
    mapInParallel(LEGACY_SUFFIXES, (suffix) => findTag(place, `${fallbackTag(digest)}${suffix}`)),
  ])
  const all = [...referring, ...tagged.flatMap((one) => one ?? [])]
  const unanswered = all.filter((one) => 'kind' in one)
  const found = all.flatMap((one) => ('kind' in one ? [] : [one]))
  assertCount(found.length, place, digest)
  const layers = (await mapInParallel(found, (one) => readLayers(place, one, digest))).flat()
  assertCount(layers.length, place, digest)
  // The rest of the allowance is assigned here, so that it is the same each time.
  let left = MAX_TOTAL_BYTES
  const allowed = layers.map((one) => {
    const allowance = Math.min(MAX_BYTES, left)
    if ('layer' in one && one.layer.size <= allowance) left -= one.layer.size
    return { one, allowance }
  })
  const read = await mapInParallel(allowed, async ({ one, allowance }) =>
    'layer' in one ? readLayer(place, one, allowance) : one,
  )
  return [...unanswered, ...read]
}

/**
 * Finds referrers; where the registry does not list them, for whatever reason, those of the tag that replaces the list.
 */
async function findReferrers(place: Place, digest: Digest): Promise<readonly (Found | Attachment)[]> {
  const { access, reference, signal } = place
  const listed = await answerOf(() => access.referrers(reference, digest, signal))
  if (listed.value !== undefined) return listed.value.map((descriptor) => ({ descriptor, mustRefer: true }))
  const { error } = listed
  const question = `who refers to ${digest} could not be asked`
  const unanswered = error && [unansweredOf(question, error, OCI_INDEX, { path: renderReference(reference), digest })]
  return [...(unanswered ?? []), ...(await readFallback(place, fallbackTag(digest)))]
}

async function readFallback(place: Place, tag: string): Promise<readonly (Found | Attachment)[]> {
  const tagged = await findTag(place, tag)
  if (tagged === undefined) return []
  if ('kind' in tagged) return [tagged]
  const opened = await answerOf(() => openDocument(place, tagged.descriptor))
  if (opened.error !== undefined) return [unansweredTag(place, tag, opened.error)]
  const { kind, document } = opened.value
  // The tag may name one manifest itself: then there is no other way to find it, whether or not it names its subject.
  if (kind === 'manifest') return [{ ...tagged, mustRefer: document.subject !== undefined }]
  const unique = new Map(document.manifests.map((descriptor) => [descriptor.digest, descriptor]))
  return [...unique.values()].map((descriptor) => ({ descriptor, tag, mustRefer: true }))
}

async function findTag({ access, reference, signal }: Place, tag: string): Promise<Found | Attachment | undefined> {
  const answer = await answerOf(() => resolveIfThere(access, { ...reference, tag }, { signal, aside: true }))
  if (answer.error !== undefined) return unansweredTag({ access, reference }, tag, answer.error)
  return answer.value && { descriptor: answer.value, tag, mustRefer: false }
}

type Answer<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RegistryError }

/** Keeps that a registry did not answer: it says nothing about the image, and the image can be judged without. */
async function answerOf<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() }
  } catch (error) {
    if (error instanceof RegistryError) return { error }
    throw error
  }
}

function unansweredTag({ reference }: Place, tag: string, error: RegistryError): Attachment {
  return unansweredOf(`what ${tag} is could not be asked`, error, OCI_MANIFEST, {
    path: renderReference({ ...reference, tag }),
  })
}

function unansweredOf(question: string, cause: RegistryError, mediaType: string, at: Location): Attachment {
  const error = new RegistryError(cause.code, `${question}: ${cause.message}`, { at, cause })
  return { kind: 'unreadable', mediaType, bytes: NOTHING, annotations: {}, at, error }
}

type Layer = Omit<Attachment, 'bytes' | 'error'> & { readonly layer: Descriptor }

/** The layers; none where it is an index, or refers to something else: the registry lists it there by mistake. */
async function readLayers(place: Place, one: Found, digest: Digest): Promise<readonly (Layer | Attachment)[]> {
  const { descriptor, tag } = one
  const at = locate(place, descriptor, tag)
  const read = await withError(() => openDocument(place, descriptor))
  if ('error' in read) {
    // Listed and gone is worth a word of its own.
    const error =
      read.error instanceof NotFoundError
        ? new NotFoundError('REFERRER_MISSING', read.error.message, { at, cause: read.error })
        : read.error
    return [{ kind: 'unreadable', mediaType: descriptor.mediaType, bytes: NOTHING, annotations: {}, at, error }]
  }
  if (read.value.kind === 'index') return []
  const manifest = read.value.document
  if (one.mustRefer && manifest.subject?.digest !== digest) return []
  const artifactType = artifactTypeOf(manifest)
  return manifest.layers.slice(0, MAX_ATTACHMENTS + 1).map((layer) => {
    const kind = kindOf(layer.mediaType, artifactType)
    // A signature's certificate belongs to its own layer.
    const isOwn = kind === 'legacy-signature' || kind === 'legacy-attestation'
    return {
      kind,
      mediaType: layer.mediaType,
      annotations: { ...(!isOwn && manifest.annotations), ...layer.annotations },
      at,
      ...(artifactType !== undefined && { artifactType }),
      layer,
    }
  })
}

async function openDocument(place: Place, descriptor: Descriptor): Promise<ImageDocument> {
  assertSize(descriptor, MAX_MANIFEST_BYTES, place)
  return withCached(place, descriptor, (source) => readDocument(source, descriptor))
}

async function readLayer(place: Place, { layer, ...common }: Layer, maxBytes: number): Promise<Attachment> {
  const read = await withError(async () => {
    assertSize(layer, maxBytes, place)
    return withCached(place, layer, (source) => readAll(source, maxBytes))
  })
  return 'error' in read ? { ...common, bytes: NOTHING, error: read.error } : { ...common, bytes: read.value }
}

async function withCached<T>(
  { access, reference, signal }: Place,
  descriptor: Descriptor,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  await access.ensure(reference, descriptor, { signal, aside: true })
  const cached = await access.find(reference, descriptor)
  if (cached === undefined) throw notCached(reference, descriptor.digest)
  try {
    return await read(cached.source)
  } finally {
    await cached.close()
  }
}

/** Keeps an error of an attachment as its own. */
async function withError<T>(
  action: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: HarnessError }> {
  try {
    return { value: await action() }
  } catch (error) {
    if (error instanceof HarnessError) return { error }
    throw error
  }
}

function tooLong(): RegistryError {
  return new RegistryError('REGISTRY_UNAVAILABLE', `expected all attachments within ${MAX_MS / 1000} s, got not all`)
}

function locate({ reference }: Place, { digest }: Descriptor, tag?: string): Location {
  return { path: renderReference({ ...reference, ...(tag !== undefined && { tag }) }), digest }
}

function assertSize(descriptor: Descriptor, max: number, place: Place): void {
  if (descriptor.size <= max) return
  const message = `expected at most ${max} bytes, got ${descriptor.size}`
  throw new FormatError('attachment', 'LIMIT_EXCEEDED', message, { at: locate(place, descriptor) })
}

function assertCount(count: number, { reference }: Place, digest: Digest): void {
  if (count <= MAX_ATTACHMENTS) return
  const message = `expected at most ${MAX_ATTACHMENTS} of them, got ${count}`
  throw new FormatError('attachments', 'LIMIT_EXCEEDED', message, { at: { path: renderReference(reference), digest } })
}
