// Questions about the layers that more than one requirement asks.
import type { ByteSource } from '#harness/bytes/source.ts'
import { FormatError, orAbsent } from '#harness/errors.ts'
import type { KernelConfig } from '#harness/formats/kernel/kernel-config.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import type { Squashfs } from '#harness/formats/squashfs/reader.ts'
import { MODULES_DEP, type ExtensionImage, type Extensions } from '#harness/talos/extensions.ts'

const NUMBERED = /^\d+\.sqsh$/
const MODULES = 'usr/lib/modules'
/** Lists of a kernel build, which drbd and zfs bring, and the output of depmod, which describes them. */
export const MODULE_LIST = /^usr\/lib\/modules\/[^/]+\/modules\.[^/]+$/
/** The kernel option that mounts a squashfs of each compressor. */
const MOUNTED_BY: Readonly<Record<string, string>> = {
  gzip: 'CONFIG_SQUASHFS_ZLIB',
  xz: 'CONFIG_SQUASHFS_XZ',
  zstd: 'CONFIG_SQUASHFS_ZSTD',
  lz4: 'CONFIG_SQUASHFS_LZ4',
  lzo: 'CONFIG_SQUASHFS_LZO',
}
/** The options of a kernel that does not say how it was built: what imager writes. */
const ZSTD_ALONE: KernelConfig = new Map([['CONFIG_SQUASHFS_ZSTD', 'y']])

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

/**
 * True if an extension, the index aside, brings anything under usr/lib/modules; undefined while a layer cannot be read,
 * which is for EXT-005 to say.
 */
export async function carriesModules(extensions: Extensions): Promise<boolean | undefined> {
  return orAbsent(async () => (await openExtensions(extensions)).some(({ tree }) => tree.has(MODULES)))
}

/** The reason that a kernel of this configuration does not mount an image; undefined where it does. */
export async function whyNotMounted(
  image: ExtensionImage,
  config: KernelConfig = ZSTD_ALONE,
): Promise<string | undefined> {
  try {
    const { compression } = await image.squashfs()
    return config.get(MOUNTED_BY[compression] ?? '') === 'y' ? undefined : `${image.path}: ${compression}`
  } catch (error) {
    // No kernel mounts another version than 4.0, or a compressor that has no name.
    if (error instanceof FormatError && error.code === 'UNSUPPORTED') return `${image.path}: ${error.message}`
    throw error
  }
}

/**
 * `path: a, b` for what two layers bring; directories merge, unless the other is none. Lists of modules may be shared.
 */
export function findShared(layers: readonly Layer[]): readonly string[] {
  const owners = new Map<string, { readonly names: string[]; merges: boolean }>()
  for (const { name, tree } of layers)
    for (const { path, type } of tree.entries()) {
      const owner = owners.get(path) ?? { names: [], merges: true }
      owner.names.push(name)
      owner.merges &&= type === 'directory'
      owners.set(path, owner)
    }
  return [...owners]
    .filter(([path, { names, merges }]) => names.length > 1 && !merges && !MODULE_LIST.test(path))
    .map(([path, { names }]) => `${path}: ${names.join(', ')}`)
}

/** True if an extension brings nothing; one whose firmware is in the initramfs is left with `usr/lib`. */
export function isHollow(tree: FileTree, hasFirmware: boolean): boolean {
  const hasFiles = [...tree.entries()].some(({ type }) => type !== 'directory')
  return !hasFiles && !(hasFirmware && tree.has('usr/lib'))
}
