// The kernel modules of a booted machine: those of the root filesystem under those of the extension layers, as the
// overlay shows them (siderolabs/talos internal/app/init: later layers win).
import type { ByteSource } from '../bytes/source.ts'
import type { Location } from '../errors.ts'
import { FileTree, type FileEntry } from '../fs/file-tree.ts'
import { readModule, type KernelModule } from '../formats/modules/module.ts'
import { lazy } from '../lazy.ts'
import { MODULES_DEP, type Extensions } from './extensions.ts'
import type { RootFilesystem } from './rootfs.ts'

export const MODULES_FOLDER = 'usr/lib/modules'
/** Lists of the kernel's build and of depmod, beside the modules. */
const LIST = /^usr\/lib\/modules\/[^/]+\/modules\.[^/]+$/
/** The owner of modules that no extension brings. */
export const BASE = 'rootfs'

export type InstalledModule = {
  /** `usr/lib/modules/6.12.57-talos/extras/zfs.ko`. */
  readonly path: string
  /** The name of an extension, or BASE. */
  readonly owner: string
  readonly data: ByteSource
  read(): Promise<KernelModule>
}

export type InstalledModules = {
  readonly where: Location
  /** Everything under usr/lib/modules, the layers merged. */
  readonly tree: FileTree
  /** Names of the folders in usr/lib/modules. */
  readonly releases: readonly string[]
  readonly modules: readonly InstalledModule[]
  /** Files of the index that imager mounts on top of all. */
  readonly index: readonly FileEntry[]
  /** `modules.*` of base and extensions under it, the later ones last. */
  readonly brought: readonly FileEntry[]
}

/** Opens nothing but the trees; modules are read when asked. */
export async function readInstalledModules(rootfs: RootFilesystem, extensions: Extensions): Promise<InstalledModules> {
  const base = await rootfs.tree()
  const layers = await Promise.all(
    (await extensions.layers()).map(async ({ metadata, image }) => ({
      owner: metadata.name,
      tree: await (await image?.squashfs())?.tree(),
    })),
  )
  const entries: FileEntry[] = []
  const owners = new Map<string, string>()
  const index: FileEntry[] = []
  const brought: FileEntry[] = []
  for (const { owner, tree } of [{ owner: BASE, tree: base }, ...layers])
    for (const entry of tree?.under(MODULES_FOLDER) ?? []) {
      entries.push(entry)
      if (owner === MODULES_DEP) index.push(entry)
      else if (LIST.test(entry.path)) brought.push(entry)
      owners.set(entry.path, owner)
    }
  const tree = new FileTree(entries, base.where)
  return {
    where: base.where,
    tree,
    index,
    brought,
    releases: [...new Set([...tree.entries()].map(({ path }) => path.split('/')[3] ?? ''))],
    modules: [...tree.entries()].flatMap(({ path, data }) =>
      data !== undefined && path.endsWith('.ko')
        ? [{ path, owner: owners.get(path) ?? BASE, data, read: lazy(() => readModule(data)) }]
        : [],
    ),
  }
}
