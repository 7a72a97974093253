// The root of what is inspected: an image, a folder, a UKI, a raw disk or an ISO.
import { basename } from 'node:path'
import { bytesSource, readAll } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { FormatError, NotFoundError, orAbsent } from '#harness/errors.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { openDirectoryTree } from '#harness/fs/directory-tree.ts'
import { subtree } from '#harness/fs/subtree.ts'
import { partitionSource } from '#harness/formats/gpt/gpt.ts'
import { lazy } from '#harness/lazy.ts'
import { openImage, type OciImage } from '#harness/oci/image/image.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import type { Architecture } from '#harness/oci/image/selection.ts'
import { openStore, type OpenOptions } from '#harness/oci/open.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { parseExtensionManifest } from '#harness/talos/extension/extension.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import { openMedium } from '#harness/talos/media/open.ts'
import { containers, efiNode, isContainer } from './containers.ts'
import { filesOf, type OpenFile } from './files.ts'
import { listOf, unreadable, type Facts, type Inside, type Node } from './node.ts'
import { brings } from './squashfs.ts'

export type OpenedRoot = { readonly root: Node; readonly close: () => Promise<void> }

export type RootOptions = OpenOptions & {
  /** The architecture of the image in an index; the first that there is of arm64 and amd64 unless given. */
  readonly architecture?: Architecture | undefined
}

/** An extension's manifest has some 300 bytes. */
const MAX_MANIFEST_BYTES = 4 << 20
/** Genuine images have at most some ten. */
const MAX_SHOWN = 64

/** Errors of `openStore`, `openMedium` and `openDirectoryTree`; what is wrong inside is said where it is shown. */
export async function openRoot(reference: Reference, options: RootOptions): Promise<OpenedRoot> {
  const { spool } = options
  const name = renderReference(reference)
  const openFile = containers(spool)
  if (reference.kind === 'dir') {
    const { tree, close } = await openDirectoryTree(reference.path)
    return { root: await treeRoot(name, 'folder', tree, openFile), close: closing(close, spool) }
  }
  if (reference.kind === 'uki') {
    const part = await openMedium(reference, { spool })
    const { data } = (await part.files()).get(basename(reference.path)) ?? {}
    if (data === undefined) throw new FormatError('uki', 'MALFORMED', 'expected a file, got something else')
    return { root: efiNode(name, data, spool, openFile), close: () => part.close() }
  }
  if (reference.kind === 'raw' || reference.kind === 'iso') {
    const part = await openMedium(reference, { spool })
    const open = reference.kind === 'raw' ? () => openDisk(part, openFile) : () => openIso(part, openFile)
    return {
      root: { name, kind: reference.kind, size: 0, facts: {}, shown: true, open: lazy(open) },
      close: () => part.close(),
    }
  }
  const store = await openStore(reference, options)
  try {
    return { root: await imageRoot(name, store, options, openFile), close: closing(() => store.close(), spool) }
  } catch (error) {
    await store.close()
    throw error
  }
}

function closing(close: () => Promise<void>, spool: Spool): () => Promise<void> {
  return async () => {
    await close()
    await spool.close()
  }
}

async function treeRoot(name: string, kind: string, tree: FileTree, openFile: OpenFile): Promise<Node> {
  const size = [...tree.entries()].reduce((sum, entry) => sum + entry.size, 0)
  return { name, kind, size, facts: {}, shown: true, open: () => smallTree(tree, openFile) }
}

/** All files of a tree that has few of them, with what is inside; else the entries of its root. */
async function smallTree(tree: FileTree, openFile: OpenFile): Promise<Inside> {
  const files = [...tree.entries()].flatMap(({ path, type }) => (type === 'directory' ? [] : [path]))
  return filesOf(tree, openFile, files.length > MAX_SHOWN ? undefined : files.toSorted())
}

/** Files that have something inside, by their whole paths; all others are found by theirs. */
function notable(tree: FileTree): readonly string[] {
  return [...tree.entries()]
    .flatMap(({ path, data }) => (data !== undefined && isContainer(path) ? [path] : []))
    .toSorted()
    .slice(0, MAX_SHOWN)
}

type Medium = Awaited<ReturnType<typeof openMedium>>

async function openDisk(part: Medium, openFile: OpenFile): Promise<Inside> {
  const { source, disk, efi } = await part.medium()
  const bytes = await source()
  const { gpt } = await disk()
  const parts = gpt.primary.partitions.map((partition): Node => {
    const data = partitionSource(bytes, gpt, partition)
    const node = { name: partition.name, kind: 'partition', size: data.size, facts: {}, data }
    const open = async (): Promise<Inside> => smallTree((await efi()).tree, openFile)
    return partition.name === 'EFI' ? { ...node, shown: true, open: lazy(open) } : node
  })
  return listOf(parts, { sectors: gpt.sectors })
}

async function openIso(part: Medium, openFile: OpenFile): Promise<Inside> {
  const { iso, efi } = await part.medium()
  const image = await iso()
  const volume = await image.volume()
  const efiImage: Node = {
    name: 'EFI image',
    kind: 'partition',
    size: image.efiSize,
    facts: {},
    shown: true,
    open: lazy(async () => smallTree((await efi()).tree, openFile)),
  }
  const files = await treeRoot('files', 'ISO 9660', await volume.tree(), openFile)
  return listOf([efiImage, { ...files, shown: false }], { volume: volume.volumeId })
}

const ARCHITECTURES: readonly Architecture[] = ['arm64', 'amd64']

async function imageRoot(name: string, store: ContentStore, options: RootOptions, openFile: OpenFile): Promise<Node> {
  const { spool, architecture } = options
  const images: OciImage[] = []
  for (const one of architecture === undefined ? ARCHITECTURES : [architecture])
    images.push(await openImage(store, { spool, architecture: one }))
  const image = images.find(({ selection }) => 'manifest' in selection) ?? images[0]
  if (image === undefined) throw new FormatError('image', 'UNSUPPORTED', 'expected an image, got none')
  const own = architecture === undefined ? undefined : (await orAbsent(() => image.config()))?.architecture
  if (own !== undefined && own !== architecture)
    throw new NotFoundError('BLOB_UNKNOWN', `expected an image for ${architecture}, got one for ${own} alone`)
  const manifest = await image.manifest()
  const size = manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size)
  return {
    name,
    kind: 'image',
    size,
    facts: await imageFacts(image),
    shown: true,
    open: lazy(() => openLayers(image, openFile)),
  }
}

async function imageFacts(image: OciImage): Promise<Facts> {
  const { digest } = image.root.descriptor
  try {
    const { os = 'no os', architecture = 'no architecture', created, config } = await image.config()
    const talos = config?.Labels?.[VERSION_LABEL]
    return {
      digest,
      platform: `${os}/${architecture}`,
      ...(talos !== undefined && { Talos: talos }),
      ...(created !== undefined && { created }),
    }
  } catch (error) {
    return { digest, ...unreadable(error) }
  }
}

async function openLayers(image: OciImage, openFile: OpenFile): Promise<Inside> {
  const documents = (await image.documents()).map(({ kind, bytes, descriptor }): Node => {
    const data = bytesSource(bytes, image.where)
    return { name: kind, kind: 'document', size: bytes.length, facts: { digest: descriptor.digest }, data }
  })
  const config = await image.rawConfig().then(
    (bytes): Node => ({ name: 'config', kind: 'document', size: bytes.length, facts: {}, data: bytesSource(bytes) }),
    (error: unknown): Node => ({ name: 'config', kind: 'document', size: 0, facts: unreadable(error) }),
  )
  const layers = image.layers.map(({ index, descriptor, read }): Node => ({
    name: `layer ${index}`,
    kind: 'layer',
    size: descriptor.size,
    facts: { digest: descriptor.digest },
    open: lazy(async () => {
      const { tree, tar, compression, entries } = await read()
      return { ...(await filesOf(tree, openFile)), facts: { compression, unpacked: tar.size, entries: entries.length } }
    }),
  }))
  const own = [...documents, config, ...layers]
  try {
    const tree = await image.tree()
    const files = await filesOf(tree, openFile, notable(tree))
    const find = (name: string): Node | undefined => own.find((part) => part.name === name) ?? files.find(name)
    return { facts: await extensionFacts(tree), parts: [...own, ...files.parts], find }
  } catch (error) {
    return listOf(own, unreadable(error))
  }
}

/** Name, version and content of a system extension as it is published; nothing of any other image. */
async function extensionFacts(tree: FileTree): Promise<Facts> {
  const manifest = tree.get('manifest.yaml')?.data
  if (manifest === undefined || tree.under('rootfs').next().done === true) return {}
  try {
    const { metadata } = parseExtensionManifest(await readAll(manifest, MAX_MANIFEST_BYTES), manifest.where)
    return { extension: metadata.name, version: metadata.version, ...(await brings(subtree(tree, 'rootfs'))) }
  } catch (error) {
    return unreadable(error)
  }
}
