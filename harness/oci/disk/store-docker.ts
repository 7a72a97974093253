// Archives of `docker save`, skopeo and Talos' imager: a tar with manifest.json, a config and layers under many kinds
// of names.
// https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md#combined-image-json--filesystem-changeset-format
import type { z } from 'zod'
import { COMPRESSION_MAGIC_SIZE, detectCompression } from '../../bytes/compression.ts'
import { digestOf, parseDigest, readDigest, type Digest } from '../../bytes/digest.ts'
import { bytesSource, memberLocation, readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError, NotFoundError } from '../../errors.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { openArchive } from './archive.ts'
import * as types from '../image/media-types.ts'
import { renderReference, type DockerArchiveReference } from '../image/reference.ts'
import { MAX_MANIFEST_BYTES, parseDocument, type Descriptor } from '../image/schemas.ts'
import { checkImageLists, savedImagesSchema } from './image-lists.ts'
import { notStored, type ContentStore } from '../store.ts'

const FORMAT = 'docker-archive'
type SavedImage = z.infer<typeof savedImagesSchema>[number]

/** Errors of `openArchive`; what is wrong inside comes with `resolve`. */
export async function openDockerArchive(reference: DockerArchiveReference): Promise<ContentStore> {
  const { tree, close } = await openArchive(reference.path, FORMAT)
  return dockerStore(reference, tree, close)
}

/**
 * The image as a Docker manifest of schema 2 that is made here: an archive has none. Its descriptors carry the digests
 * that file names claim, where a name is the digest of what is stored under it, else computed ones. `resolve` throws
 * FormatError MALFORMED where there is no manifest.json, where an index.json beside it names other images, or where the
 * tag does not say which image, NotFoundError MANIFEST_UNKNOWN where no image has the tag, BLOB_UNKNOWN where a file is
 * missing that has no digest.
 */
export function dockerStore(
  reference: DockerArchiveReference,
  tree: FileTree,
  close: () => Promise<void> = () => Promise.resolve(),
): ContentStore {
  const where = { path: reference.path }
  let synthesis: ReturnType<typeof synthesise> | undefined
  const opened = () => (synthesis ??= synthesise(tree, reference))
  return {
    name: renderReference(reference),
    async resolve() {
      const { manifest } = await opened()
      return { mediaType: types.DOCKER_MANIFEST, digest: digestOf(manifest), size: manifest.length }
    },
    async open(descriptor) {
      const { manifest, files } = await opened()
      if (descriptor.digest === digestOf(manifest))
        return bytesSource(manifest, { ...memberLocation(where, 'manifest.json'), digest: descriptor.digest })
      const name = files.get(descriptor.digest)
      const data = name === undefined ? undefined : tree.resolve(name)?.data
      if (data === undefined) throw notStored(descriptor, where)
      return data
    },
    close,
  }
}

type Synthesis = { readonly manifest: Uint8Array; readonly files: ReadonlyMap<Digest, string> }

async function synthesise(tree: FileTree, reference: DockerArchiveReference): Promise<Synthesis> {
  const image = chooseImage(await readManifestList(tree), reference)
  await checkImageLists(async (path) => tree.resolve(path)?.data, { path: reference.path })
  const files = new Map<Digest, string>()
  const describe = async (name: string, mediaType?: string): Promise<Descriptor> => {
    const descriptor = await describeFile(tree, name, mediaType)
    files.set(descriptor.digest, name)
    return descriptor
  }
  const config = await describe(image.Config, types.DOCKER_CONFIG)
  const layers: Descriptor[] = []
  for (const name of image.Layers ?? []) layers.push(await describe(name))
  const manifest = { schemaVersion: 2, mediaType: types.DOCKER_MANIFEST, config, layers }
  return { manifest: Buffer.from(JSON.stringify(manifest)), files }
}

async function readManifestList(tree: FileTree): Promise<readonly SavedImage[]> {
  const data = tree.resolve('manifest.json')?.data
  if (data === undefined)
    throw new FormatError(FORMAT, 'MALFORMED', 'expected a file manifest.json, got none', { at: tree.where })
  const where = memberLocation(tree.where, 'manifest.json')
  return parseDocument(await readAll(data, MAX_MANIFEST_BYTES), savedImagesSchema, 'manifest.json', where)
}

function chooseImage(images: readonly SavedImage[], { path, tag }: DockerArchiveReference): SavedImage {
  const at = { path }
  const names = images.flatMap(({ RepoTags, Config }) => (RepoTags?.length ? RepoTags : [Config])).join(', ')
  const [only, ...others] = tag === undefined ? images : images.filter(({ RepoTags }) => RepoTags?.includes(tag))
  if (only === undefined && tag !== undefined)
    throw new NotFoundError('MANIFEST_UNKNOWN', `expected an image ${tag}, got ${names || 'none'}`, { at })
  if (only === undefined)
    throw new FormatError(FORMAT, 'MALFORMED', 'expected an image in manifest.json, got none', { at })
  if (others.length > 0)
    throw new FormatError(FORMAT, 'MALFORMED', `expected a tag that says which image, got several: ${names}`, { at })
  return only
}

async function describeFile(tree: FileTree, name: string, mediaType?: string): Promise<Descriptor> {
  const data = tree.resolve(name)?.data
  const compression =
    data === undefined ? 'none' : detectCompression(await data.read(0, Math.min(COMPRESSION_MAGIC_SIZE, data.size)))
  const claimed = claimedDigest(name, compression === 'none')
  if (claimed === undefined && data === undefined)
    throw new NotFoundError('BLOB_UNKNOWN', `${FORMAT}: expected a file ${name}, got none`, {
      at: memberLocation(tree.where, name),
    })
  return {
    mediaType: mediaType ?? layerType(compression),
    digest: claimed ?? (await readDigest(data as ByteSource)),
    size: data?.size ?? 0,
  }
}

function layerType(compression: string): string {
  if (compression === 'gzip') return types.DOCKER_LAYER_GZIP
  return compression === 'zstd' ? types.DOCKER_LAYER_ZSTD : types.DOCKER_LAYER
}

/** `<hex>.tar` is skopeo's: the digest of the uncompressed layer, so of the file where that is not compressed. */
const CLAIMS = /^(?:sha256:|blobs\/sha256\/)?([0-9a-f]{64})(\.json|\.tar\.gz|\.tar)?$/

/**
 * The digest that a name in manifest.json gives to the bytes stored there; undefined for `<id>/layer.tar` and others.
 */
function claimedDigest(name: string, plain: boolean): Digest | undefined {
  const [, hex, extension] = CLAIMS.exec(name) ?? []
  if (hex === undefined || (extension === '.tar' && !plain)) return undefined
  return parseDigest(`sha256:${hex}`)
}
