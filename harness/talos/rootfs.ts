// Talos' root filesystem: the squashfs `rootfs.sqsh` of the base initramfs.
import { NotFoundError } from '../errors.ts'
import { fileIn } from '../fs/file-in.ts'
import type { FileTree } from '../fs/file-tree.ts'
import { moduleName } from '../formats/modules/index.ts'
import { openSquashfs, type Squashfs } from '../formats/squashfs/reader.ts'
import { lazy } from '../lazy.ts'
import type { BootArchive } from './boot/archive.ts'

export const ROOTFS_PATH = 'rootfs.sqsh'
const MODULE = /^usr\/lib\/modules\/[^/]+\/(?:.*\/)?([^/]+)\.ko$/

export type RootFilesystem = {
  readonly squashfs: Squashfs
  tree(): Promise<FileTree>
  /** Names of its kernel modules as modprobe compares them, with `_` for `-`. */
  moduleNames(): Promise<ReadonlySet<string>>
}

/** Opens `rootfs.sqsh` of the base segment; NotFoundError when there is none. */
export async function openRootFilesystem(archive: BootArchive): Promise<RootFilesystem> {
  if (archive.base === undefined)
    throw new NotFoundError('BLOB_UNKNOWN', 'expected a segment with init and rootfs.sqsh, got none', {
      at: archive.where,
    })
  const { tree } = await archive.base.archive()
  const squashfs = await openSquashfs(await fileIn(tree, ROOTFS_PATH))
  return {
    squashfs,
    tree: () => squashfs.tree(),
    moduleNames: lazy(async () => {
      const names = [...(await squashfs.tree()).entries()].map(({ path }) => MODULE.exec(path)?.[1])
      return new Set(names.filter((name) => name !== undefined).map(moduleName))
    }),
  }
}
