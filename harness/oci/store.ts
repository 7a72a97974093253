// The seam between an image and where it is kept: a registry, an image layout, an archive.
import { encodedPart } from '../bytes/digest.ts'
import type { ByteSource } from '../bytes/source.ts'
import { NotFoundError, type Location } from '../errors.ts'
import type { LayerCache } from './image/layer.ts'
import { isIndex, isManifest } from './image/media-types.ts'
import type { Descriptor } from './image/schemas.ts'

/** The descriptor that a reference names, as its store claims it. */
export type RootDescriptor = Descriptor

export interface ContentStore {
  /** The reference as the user wrote it. */
  readonly name: string
  /** The manifest or index that the reference names. */
  resolve(signal?: AbortSignal): Promise<RootDescriptor>
  /** The names of all images that are there; only where there is a list of them, as in a layout. */
  names?(): Promise<readonly string[]>
  /**
   * The bytes that are stored for a descriptor: unverified, and of whatever size they are. NotFoundError
   * MANIFEST_UNKNOWN for a manifest or index, BLOB_UNKNOWN for anything else that is not there.
   */
  open(descriptor: Descriptor): Promise<ByteSource>
  /**
   * The place of a layer of this store, unpacked and indexed; only of a layer that `open` found there. Absent in
   * stores whose layers are read where they are.
   */
  layerCache?(descriptor: Descriptor): LayerCache | undefined
  /** Ends every source that came from here. */
  close(): Promise<void>
}

/** The path of a blob in an image layout. The digest has been checked: it cannot lead elsewhere (CVE-2024-3727). */
export function blobPath(descriptor: Pick<Descriptor, 'digest'>): string {
  const { digest } = descriptor
  return `blobs/${digest.slice(0, digest.indexOf(':'))}/${encodedPart(digest)}`
}

export function notStored(descriptor: Descriptor, at: Location): NotFoundError {
  const { mediaType, digest } = descriptor
  const isDocument = isManifest(mediaType) || isIndex(mediaType)
  return new NotFoundError(
    isDocument ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN',
    `expected ${isDocument ? 'a manifest' : 'a blob'} ${digest}, got none`,
    { at: { ...at, digest } },
  )
}
