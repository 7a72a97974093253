// The two lists of images that an archive or a layout may have: manifest.json, which `docker load` and crane read, and
// index.json, which containerd, skopeo and Talos read (moby image/tarexport/load.go v28, containerd
// core/images/archive/importer.go v2.1). docker save writes both since v25, and they must name the same images.
import { z } from 'zod'
import { readDigest, type Digest } from '../../bytes/digest.ts'
import { memberLocation, readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'
import { isIndex, isManifest } from '../image/media-types.ts'
import {
  indexSchema,
  manifestSchema,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  parseDocument,
  type Descriptor,
  type Index,
} from '../image/schemas.ts'
import { blobPath } from '../store.ts'

export type OpenMember = (path: string) => Promise<ByteSource | undefined>

const strings = z.array(z.string()).nullish()
export const savedImagesSchema = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: strings,
    Layers: strings,
    Parent: z.unknown().optional(),
    LayerSources: z.unknown().optional(),
  }),
)
type SavedImages = z.infer<typeof savedImagesSchema>

/** The names that `docker save` gives: those of manifest.json are whole, too. */
const IMAGE_NAME = 'io.containerd.image.name'
/** Images of one archive, and manifests that are read for them. */
const MAX_IMAGES = 256
/** A manifest as far as it says which image it is; the rest is for whoever reads the image. */
const namingSchema = manifestSchema.extend({ layers: z.unknown(), config: z.looseObject({ digest: z.string() }) })
/** Manifests that an index lists are of platforms and their attestations. */
const MAX_DEPTH = 2

/**
 * Does nothing where one of the lists is not there. FormatError MALFORMED where an image is in one and not in the other,
 * or has another's name there; LIMIT_EXCEEDED above 256 images; errors of `parseDocument`. An image is its config:
 * that says by digest what its layers are.
 */
export async function checkImageLists(open: OpenMember, where: Location): Promise<void> {
  const [saved, index] = await Promise.all([
    readList(open, 'manifest.json', savedImagesSchema, where),
    (await open('oci-layout')) === undefined ? undefined : readList(open, 'index.json', indexSchema, where),
  ])
  if (saved === undefined || index === undefined) return
  if (saved.length > MAX_IMAGES) throw tooMany(where)
  const roots = await readRoots(open, index, where)
  const configs = await Promise.all(saved.map(({ Config }) => digestAt(open, Config)))
  const wrong = disagreement(saved, configs, roots)
  if (wrong !== undefined)
    throw new FormatError(
      'image list',
      'MALFORMED',
      `expected the same images in manifest.json (docker load) and index.json (containerd, skopeo), got ${wrong}`,
      { at: memberLocation(where, 'manifest.json') },
    )
}

type Root = { readonly descriptor: Descriptor; readonly configs: ReadonlySet<string> }

/** A root whose documents cannot be read is left to whoever reads the image. */
function disagreement(
  saved: SavedImages,
  configs: readonly (Digest | undefined)[],
  roots: readonly Root[],
): string | undefined {
  const read = roots.filter((root) => root.configs.size > 0)
  if (read.length === 0) return undefined
  for (const [at, { Config, RepoTags }] of saved.entries()) {
    const digest = configs[at]
    if (digest === undefined || !read.some((root) => root.configs.has(digest)))
      return `the config ${Config} in manifest.json alone`
    const other = read.find(({ descriptor, configs: own }) => {
      const name = descriptor.annotations?.[IMAGE_NAME]
      return name !== undefined && RepoTags?.includes(name) === true && !own.has(digest)
    })
    if (other !== undefined)
      return `${other.descriptor.digest} as ${other.descriptor.annotations?.[IMAGE_NAME]} in index.json alone`
  }
  const missing = read.find((root) => !configs.some((digest) => digest !== undefined && root.configs.has(digest)))
  return missing && `${missing.descriptor.digest} in index.json alone`
}

async function readRoots(open: OpenMember, index: Index, where: Location): Promise<readonly Root[]> {
  const roots: Root[] = []
  const reader: Reader = { open, where, left: MAX_IMAGES }
  for (const descriptor of index.manifests) {
    const configs = new Set<string>()
    await collectConfigs(reader, descriptor, configs)
    roots.push({ descriptor, configs })
  }
  return roots
}

/** `left` is how many more documents may be read. */
type Reader = { readonly open: OpenMember; readonly where: Location; left: number }

/** What is absent or of another kind has no config: an archive of one platform lacks the others. */
async function collectConfigs(reader: Reader, descriptor: Descriptor, configs: Set<string>, depth = 0): Promise<void> {
  const { open, where } = reader
  const isList = isIndex(descriptor.mediaType)
  if (depth > MAX_DEPTH || (!isList && !isManifest(descriptor.mediaType))) return
  if (reader.left-- === 0) throw tooMany(where)
  const name = blobPath(descriptor)
  if (!isList) {
    const manifest = await readList(open, name, namingSchema, where)
    if (manifest !== undefined) configs.add(manifest.config.digest)
    return
  }
  for (const child of (await readList(open, name, indexSchema, where))?.manifests ?? [])
    await collectConfigs(reader, child, configs, depth + 1)
}

async function readList<T>(
  open: OpenMember,
  name: string,
  schema: z.ZodType<T>,
  where: Location,
): Promise<T | undefined> {
  const source = await open(name)
  if (source === undefined) return undefined
  return parseDocument(await readAll(source, MAX_MANIFEST_BYTES), schema, name, memberLocation(where, name))
}

/** Undefined for what is not there, or too big for a config. */
async function digestAt(open: OpenMember, name: string): Promise<Digest | undefined> {
  const source = await open(name)
  return source === undefined || source.size > MAX_CONFIG_BYTES ? undefined : readDigest(source)
}

function tooMany(where: Location): FormatError {
  return new FormatError('image list', 'LIMIT_EXCEEDED', `expected at most ${MAX_IMAGES} images, got more`, {
    at: where,
  })
}
