// An image layout, wherever its files are: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { z } from 'zod'
import { digestOf } from '../../bytes/digest.ts'
import { bytesSource, memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, NotFoundError, type FormatCode, type Location } from '../../errors.ts'
import { isIndex, OCI_INDEX } from '../image/media-types.ts'
import { renderReference, type LayoutReference } from '../image/reference.ts'
import { indexSchema, MAX_MANIFEST_BYTES, parseDocument, type Descriptor, type Index } from '../image/schemas.ts'
import { checkImageLists } from './image-lists.ts'
import { blobPath, notStored, type ContentStore, type RootDescriptor } from '../store.ts'

/** The files of a layout by their path in it; undefined for what is not there. */
export type LayoutFiles = {
  open(path: string): Promise<ByteSource | undefined>
  close(): Promise<void>
}

export const REF_NAME = 'org.opencontainers.image.ref.name'
const layoutSchema = z.looseObject({ imageLayoutVersion: z.string() })
/** The number of names that an error lists. */
const LISTED = 12

/**
 * A store over the files of a layout. `resolve` throws FormatError MALFORMED for what is no layout, where a
 * manifest.json of Docker's beside it names other images, or where the reference leaves open which image is meant,
 * UNSUPPORTED for another version, NotFoundError MANIFEST_UNKNOWN where nothing has the tag or digest.
 */
export function layoutStore(reference: LayoutReference, files: LayoutFiles): ContentStore {
  const where = { path: reference.path }
  let whole: Promise<Uint8Array> | undefined
  const readIndex = async (): Promise<Uint8Array> => {
    await checkVersion(files, reference)
    await checkImageLists((path) => files.open(path), where)
    return readFile(files, 'index.json', reference)
  }
  return {
    name: renderReference(reference),
    async resolve() {
      const bytes = await (whole ??= readIndex())
      const index = parseDocument(bytes, indexSchema, 'index.json', memberLocation(where, 'index.json'))
      if (index.mediaType !== undefined && !isIndex(index.mediaType))
        throw layoutError('MALFORMED', `expected an index as index.json, got ${index.mediaType}`, where)
      return chooseEntry(index, reference) ?? describeIndex(bytes, index)
    },
    async names() {
      const index = parseDocument(
        await (whole ??= readIndex()),
        indexSchema,
        'index.json',
        memberLocation(where, 'index.json'),
      )
      return index.manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? [])
    },
    async open(descriptor: Descriptor) {
      const bytes = await whole?.catch(() => undefined)
      const stored = await files.open(blobPath(descriptor))
      if (stored !== undefined) return stored
      // An index.json that is itself the image index is no blob.
      if (bytes !== undefined && isIndex(descriptor.mediaType) && digestOf(bytes) === descriptor.digest)
        return bytesSource(bytes, { ...memberLocation(where, 'index.json'), digest: descriptor.digest })
      throw notStored(descriptor, memberLocation(where, blobPath(descriptor)))
    },
    close: () => files.close(),
  }
}

async function checkVersion(files: LayoutFiles, reference: LayoutReference): Promise<void> {
  const bytes = await readFile(files, 'oci-layout', reference)
  const at = memberLocation({ path: reference.path }, 'oci-layout')
  const { imageLayoutVersion } = parseDocument(bytes, layoutSchema, 'oci-layout', at)
  // The only one that containerd imports (core/images/archive/importer.go, v2.1).
  if (imageLayoutVersion !== '1.0.0')
    throw layoutError('UNSUPPORTED', `expected layout version 1.0.0, got ${JSON.stringify(imageLayoutVersion)}`, at)
}

async function readFile(files: LayoutFiles, path: string, reference: LayoutReference): Promise<Uint8Array> {
  const where = { path: reference.path }
  const source = await files.open(path)
  if (source === undefined)
    throw layoutError('MALFORMED', `expected an image layout with a file ${path}, got none`, where)
  if (source.size > MAX_MANIFEST_BYTES)
    throw layoutError(
      'LIMIT_EXCEEDED',
      `expected at most ${MAX_MANIFEST_BYTES} bytes, got ${source.size}`,
      source.where,
    )
  return source.read(0, source.size)
}

/**
 * The entry that the reference means: by digest, by tag, the only one, or the only index where all others are unnamed
 * (its own manifests, listed beside it). Undefined where index.json itself is the index of the platforms.
 */
function chooseEntry({ manifests }: Index, reference: LayoutReference): RootDescriptor | undefined {
  const { tag, digest, path } = reference
  const matching = manifests.filter(
    (entry) =>
      (tag === undefined || entry.annotations?.[REF_NAME] === tag) && (digest === undefined || entry.digest === digest),
  )
  const found = new Map(matching.map((entry) => [entry.digest, entry]))
  const [only] = found.values()
  if (found.size === 1 && only !== undefined) return only
  const names = listNames(manifests)
  if (found.size === 0 && (tag !== undefined || digest !== undefined))
    throw new NotFoundError('MANIFEST_UNKNOWN', `expected an image ${digest ?? tag}, got ${names}`, { at: { path } })
  if (found.size === 0) throw layoutError('MALFORMED', 'expected an image in index.json, got none', { path })
  if (tag === undefined) {
    const indexes = [...found.values()].filter(({ mediaType }) => isIndex(mediaType))
    const others = [...found.values()].filter(({ mediaType }) => !isIndex(mediaType))
    const unnamed = others.every(({ annotations }) => annotations?.[REF_NAME] === undefined)
    if (indexes.length === 1 && unnamed) return indexes[0]
    if (indexes.length === 0 && unnamed && others.every(({ platform }) => platform !== undefined)) return undefined
  }
  throw layoutError('MALFORMED', `expected a tag that says which image, got several: ${names}`, { path })
}

function describeIndex(bytes: Uint8Array, { mediaType, annotations }: Index): RootDescriptor {
  return {
    mediaType: mediaType ?? OCI_INDEX,
    digest: digestOf(bytes),
    size: bytes.length,
    ...(annotations && { annotations }),
  }
}

function listNames(manifests: readonly Descriptor[]): string {
  const names = manifests.map(({ annotations, digest }) => annotations?.[REF_NAME] ?? digest)
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return names.length === 0 ? 'none' : `${names.slice(0, LISTED).join(', ')}${more}`
}

function layoutError(code: FormatCode, message: string, at: Location): FormatError {
  return new FormatError('oci', code, message, { at })
}
