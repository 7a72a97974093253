// The manifest or index behind a descriptor, distinguished by what it says of itself and not by its media type.
import { z } from 'zod'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { readJson } from '../../json/document.ts'
import type { JsonProblem } from '../../json/walk.ts'
import { isManifest } from './media-types.ts'
import {
  checkShape,
  indexSchema,
  manifestSchema,
  MAX_MANIFEST_BYTES,
  type Descriptor,
  type Index,
  type Manifest,
} from './schemas.ts'

export type ImageDocument = {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  /**
   * True for a document that could be read as the other kind as well: clients then choose differently (CVE-2021-41190).
   */
  readonly ambiguous: boolean
  /** Differences between `document` and the reading of Go's clients. */
  readonly problems: readonly JsonProblem[]
} & ({ readonly kind: 'manifest'; readonly document: Manifest } | { readonly kind: 'index'; readonly document: Index })

/** Every field of a manifest, an index and Docker's schema 1: a client asks for either before it knows which it has. */
const eitherSchema = z.looseObject({
  ...indexSchema.shape,
  ...manifestSchema.shape,
  fsLayers: z.unknown().optional(),
  history: z.unknown().optional(),
})

/**
 * A document that is both is what its descriptor says. FormatError LIMIT_EXCEEDED, MALFORMED for what is no JSON,
 * UNSUPPORTED for Docker's schema 1; SchemaError. That media type, digest or size are not those of the descriptor is no
 * error here: all of them can be compared.
 */
export async function readDocument(source: ByteSource, descriptor: Descriptor): Promise<ImageDocument> {
  const at = source.where
  const bytes = await readAll(source, MAX_MANIFEST_BYTES)
  const read = { maxBytes: MAX_MANIFEST_BYTES, schema: eitherSchema }
  const { value, problems } = readJson(bytes, 'manifest', at, read)
  const couldBeIndex = has(value, 'manifests')
  const ambiguous = couldBeIndex && (has(value, 'layers') || has(value, 'config'))
  const common = { descriptor, bytes, ambiguous, problems }
  if (couldBeIndex && !(ambiguous && isManifest(descriptor.mediaType)))
    return { ...common, kind: 'index', document: checkShape(value, indexSchema, 'index', at) }
  if (has(value, 'fsLayers'))
    throw new FormatError('manifest', 'UNSUPPORTED', 'expected schema version 2, got version 1 of Docker', { at })
  return { ...common, kind: 'manifest', document: checkShape(value, manifestSchema, 'manifest', at) }
}

function has(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
}
