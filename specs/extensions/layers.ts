// Questions about the layers that more than one requirement asks.
import type { ByteSource } from '#harness/bytes/source.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import type { Squashfs } from '#harness/formats/squashfs/reader.ts'
import { MODULES_DEP, type Extensions } from '#harness/talos/extensions.ts'

const NUMBERED = /^\d+\.sqsh$/
const MODULES = 'usr/lib/modules'

/** A layer that extensions.yaml lists and that is there, opened. */
export type Layer = {
  readonly name: string
  readonly version: string
  readonly squashfs: Squashfs
  readonly tree: FileTree
}

/** A file of a layer. */
export type LayerFile = { readonly layer: Layer; readonly entry: FileEntry; readonly data: ByteSource }

/** Every layer, lowest first, the module index with them. */
export async function openLayers(extensions: Extensions): Promise<readonly Layer[]> {
  const entries = await extensions.layers()
  const opened = await Promise.all(
    entries.map(async ({ metadata, image }) => {
      const squashfs = await image?.squashfs()
      return squashfs && { name: metadata.name, version: metadata.version, squashfs, tree: await squashfs.tree() }
    }),
  )
  return opened.filter((layer) => layer !== undefined)
}

/** The layers without the module index that imager makes of them. */
export async function openExtensions(extensions: Extensions): Promise<readonly Layer[]> {
  return (await openLayers(extensions)).filter(({ name }) => name !== MODULES_DEP)
}

/** The regular files of layers whose path `matches`. */
export function filesOf(layers: readonly Layer[], matches: (path: string) => boolean): readonly LayerFile[] {
  return layers.flatMap((layer) =>
    [...layer.tree.entries()].flatMap((entry) =>
      entry.data !== undefined && matches(entry.path) ? [{ layer, entry, data: entry.data }] : [],
    ),
  )
}

/** `spin: usr/local/bin/x`, how findings name a file of a layer. */
export function nameFile({ layer, entry }: Pick<LayerFile, 'layer' | 'entry'>): string {
  return `${layer.name}: ${entry.path}`
}

/**
 * The order in which imager lists the images: the numbered ones as strings (0, 1, 10, 11, 2), since that is how it
 * lists its folders, and the module index last (siderolabs/talos internal/pkg/extensions).
 */
export function buildOrder(images: readonly string[]): readonly string[] {
  const numbered = images.filter((image) => NUMBERED.test(image)).toSorted(byCodePoint)
  const others = images.filter((image) => !NUMBERED.test(image)).toSorted(byCodePoint)
  return [...numbered, ...others]
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Whether an extension, the index aside, brings anything under usr/lib/modules. */
export async function carriesModules(extensions: Extensions): Promise<boolean> {
  return (await openExtensions(extensions)).some(({ tree }) => tree.has(MODULES))
}
