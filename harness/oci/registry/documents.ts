// The manifests among a registry's blobs, and the kind of a manifest that its registry does not state.
import { isIndex, isManifest, OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'

/**
 * Manifests have an endpoint of their own; those of other families (Docker's schema 1, artifacts) are asked for there
 * too.
 */
export function isDocumentType(mediaType: string): boolean {
  return isIndex(mediaType) || isManifest(mediaType) || /(?:manifest|image\.index)\b/.test(mediaType)
}

/**
 * The Content-Type where it names a manifest; where a registry says nothing of use, what the document says of itself.
 */
export function documentType(contentType: string | undefined, bytes: Uint8Array): string {
  if (contentType !== undefined && isDocumentType(contentType)) return contentType
  const document = parse(bytes)
  if (typeof document !== 'object' || document === null) return contentType ?? OCI_MANIFEST
  if ('mediaType' in document && typeof document.mediaType === 'string') return document.mediaType
  return 'manifests' in document ? OCI_INDEX : OCI_MANIFEST
}

/** The parsed text; undefined where it cannot be parsed: the reader of the document reports it. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
