// Artifacts that signing an image pushes: cosign's `.sig` tag and Sigstore bundles as referrers, in the shapes that cosign 2 and 3
// write. https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md
// https://github.com/sigstore/cosign/blob/v3.0.0/specs/BUNDLE_SPEC.md
import type { SerializedBundle } from '@sigstore/bundle'
import { digestOf, type Digest } from '#harness/bytes/digest.ts'
import { fallbackTag } from '#harness/oci/client/referrers.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'
import { toLegacyAnnotations } from './legacy.ts'
import { IN_TOTO_PAYLOAD, type Signer } from './signer.ts'
import { signatureStatement, type Statement } from './statements.ts'

export type PushBlob = { readonly mediaType: string; readonly digest: Digest; readonly bytes: Uint8Array }

/** A manifest with the blobs that it names, to be pushed before it. */
export type PushManifest = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly mediaType: string
  /** The tag under which it is pushed; by its digest where there is none. */
  readonly tag?: string
  readonly blobs: readonly PushBlob[]
  /** The manifest that it refers to: to be listed in the fallback tag where the registry has no referrers API. */
  readonly subject?: Descriptor
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

export type Annotations = Readonly<Record<string, string>>

/** The time of creation; the clock's by default. */
export type CreatedOption = { readonly created?: Date }

export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
export const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json'
const ENVELOPE_TYPE = 'application/vnd.dsse.envelope.v1+json'
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json'
const CREATED = 'org.opencontainers.image.created'

/** `sha256-<hex>.sig` and `.att`, where clients before cosign 3 look. */
export function legacyTag(digest: Digest, suffix: 'sig' | 'att'): string {
  return `${fallbackTag(digest)}.${suffix}`
}

/**
 * The signature of one manifest or index, twice as upstream's image-signer does: as the `.sig` tag for cosign 2 and
 * older clusters, and as a bundle that refers to the subject. `dockerReference` is the repository without tag.
 */
export async function signatureManifests(
  subject: Descriptor,
  dockerReference: string,
  signer: Signer,
  options: CreatedOption = {},
): Promise<readonly PushManifest[]> {
  return [
    await legacySignatureManifest(subject, dockerReference, signer),
    await attestationManifest(subject, signatureStatement(subject.digest), signer, options),
  ]
}

/** A statement about the subject, signed, as a bundle that refers to it. */
export async function attestationManifest(
  subject: Descriptor,
  statement: Statement,
  signer: Signer,
  options: CreatedOption = {},
): Promise<PushManifest> {
  const bundle = await signer.signEnvelope(IN_TOTO_PAYLOAD, Buffer.from(JSON.stringify(statement)))
  return bundleManifest(subject, bundle, statement.predicateType, options)
}

/** The referrer that carries a bundle. */
export function bundleManifest(
  subject: Descriptor,
  bundle: SerializedBundle,
  predicateType: string,
  { created = new Date() }: CreatedOption = {},
): PushManifest {
  return documentManifest(subject, {
    artifactType: BUNDLE_TYPE,
    bytes: Buffer.from(JSON.stringify(bundle)),
    annotations: {
      'dev.sigstore.bundle.content': bundle.dsseEnvelope === undefined ? 'message-signature' : 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      [CREATED]: timestamp(created),
    },
  })
}

export type Document = {
  /** The type of the manifest, and of its layer where `mediaType` does not say otherwise. */
  readonly artifactType: string
  readonly mediaType?: string
  readonly bytes: Uint8Array
  readonly annotations?: Annotations
}

/** A document that refers to the subject, as it is. The same document gives the same manifest. */
export function documentManifest(subject: Descriptor, document: Document): PushManifest {
  const { artifactType, mediaType = artifactType, annotations = {} } = document
  const blob = toBlob(mediaType, document.bytes)
  const empty = toBlob(EMPTY_TYPE, Buffer.from('{}'))
  const target = toDescriptor(subject)
  const bytes = toJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: describe(empty),
    layers: [describe(blob)],
    subject: target,
    ...(Object.keys(annotations).length > 0 && { annotations }),
  })
  return {
    bytes,
    digest: digestOf(bytes),
    mediaType: OCI_MANIFEST,
    blobs: [empty, blob],
    subject: target,
    artifactType,
    annotations,
  }
}

/** The `.sig` tag with one signature: of simple signing's payload, everything else in annotations of its layer. */
export async function legacySignatureManifest(
  subject: Descriptor,
  dockerReference: string,
  signer: Signer,
): Promise<PushManifest> {
  const payload = simpleSigningPayload(subject.digest, dockerReference)
  const bundle = await signer.signBytes(payload)
  const layer = { blob: toBlob(SIMPLE_SIGNING_TYPE, payload), annotations: toLegacyAnnotations(bundle) }
  return legacyManifest(legacyTag(subject.digest, 'sig'), [layer])
}

/**
 * The `.att` tag with one layer per statement: its signed envelope, and what vouches for that in annotations, as
 * `cosign attest` of version 2 writes it. It names no subject and has no artifact type.
 */
export async function legacyAttestationManifest(
  subject: Descriptor,
  statements: readonly Statement[],
  signer: Signer,
): Promise<PushManifest> {
  const layers: { readonly blob: PushBlob; readonly annotations: Annotations }[] = []
  for (const statement of statements) {
    const bundle = await signer.signEnvelope(IN_TOTO_PAYLOAD, toJson(statement))
    const { predicateType } = statement
    const blob = toBlob(ENVELOPE_TYPE, toJson(bundle.dsseEnvelope))
    layers.push({ blob, annotations: { ...toLegacyAnnotations(bundle), predicateType } })
  }
  return legacyManifest(legacyTag(subject.digest, 'att'), layers)
}

export function simpleSigningPayload(digest: Digest, dockerReference: string): Uint8Array {
  return toJson({
    critical: {
      identity: { 'docker-reference': dockerReference },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  })
}

/** A manifest as cosign 2 makes it: one layer per signature, and a config that only counts them. */
export function legacyManifest(
  tag: string,
  layers: readonly { readonly blob: PushBlob; readonly annotations: Annotations }[],
): PushManifest {
  const config = toBlob(
    OCI_CONFIG,
    toJson({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      history: layers.map(() => ({ created: '0001-01-01T00:00:00Z' })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map(({ blob }) => blob.digest) },
      config: {},
    }),
  )
  const bytes = toJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(config),
    layers: layers.map(({ blob, annotations }) => ({ ...describe(blob), annotations })),
  })
  return {
    bytes,
    digest: digestOf(bytes),
    mediaType: OCI_MANIFEST,
    tag,
    blobs: [config, ...layers.map(({ blob }) => blob)],
  }
}

export function toBlob(mediaType: string, bytes: Uint8Array): PushBlob {
  return { mediaType, digest: digestOf(bytes), bytes }
}

function describe({ mediaType, bytes, digest }: PushBlob): Descriptor {
  return { mediaType, size: bytes.length, digest }
}

/** A descriptor with nothing but what names it: a subject with annotations of an index would be another manifest. */
function toDescriptor({ mediaType, size, digest }: Descriptor): Descriptor {
  return { mediaType, size, digest }
}

/** RFC 3339 in whole seconds. */
function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
