// The kind of an attached manifest's layer, by the manifest itself: the lists of referrers are not to be believed
// (cosign up to 3.1.1 writes the type of the empty config there: https://github.com/sigstore/cosign/issues/4641).
import { OCI_CONFIG } from '../oci/image/media-types.ts'
import type { Manifest } from '../oci/image/schemas.ts'

/** The beginning of every bundle's media type, whatever its version. */
export const BUNDLE_PREFIX = 'application/vnd.dev.sigstore.bundle'
/** Media types of what cosign puts under the tags `.sig` and `.att`. */
const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json'
const ENVELOPE_TYPE = 'application/vnd.dsse.envelope.v1+json'

/**
 * A Sigstore bundle; payload and signature of a `.sig` tag; envelope of an `.att` tag; an unsigned document;
 * what was listed and cannot be read.
 */
export type AttachmentKind = 'bundle' | 'legacy-signature' | 'legacy-attestation' | 'document' | 'unreadable'

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
const EMPTY = 'application/vnd.oci.empty.v1+json'

/**
 * The artifact type of a manifest, by
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 */
export function artifactTypeOf({ artifactType, config, layers }: Manifest): string | undefined {
  if (isSpecific(artifactType)) return artifactType
  if (isSpecific(config.mediaType)) return config.mediaType
  const [first] = layers
  return first?.mediaType.startsWith(BUNDLE_PREFIX) === true ? first.mediaType : undefined
}

export function kindOf(mediaType: string, artifactType: string | undefined): AttachmentKind {
  if (mediaType.startsWith(BUNDLE_PREFIX)) return 'bundle'
  if (mediaType === PAYLOAD_TYPE) return 'legacy-signature'
  if (mediaType === ENVELOPE_TYPE) return 'legacy-attestation'
  return artifactType?.startsWith(BUNDLE_PREFIX) === true ? 'bundle' : 'document'
}

function isSpecific(type: string | undefined): type is string {
  return type !== undefined && type !== '' && type !== EMPTY && type !== OCI_CONFIG
}
