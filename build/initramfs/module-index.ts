// The virtual extension `modules.dep`: the module index of base and extensions together (siderolabs/talos
// internal/pkg/extensions/kernel_modules.go). It is mounted on top, and so takes the place of the base's.
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import type { ExtensionMetadata } from '#harness/talos/extension/extension.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { Extension } from './extension.ts'
import { encodeModulesIndexes } from '../formats/modules-index.ts'
import type { SquashFile } from '../formats/squashfs/writer.ts'
import { readModuleTree } from './module-facts.ts'

export function moduleIndexMetadata(kernelRelease: string): ExtensionMetadata {
  return {
    name: MODULES_DEP,
    version: kernelRelease,
    author: 'Talos Machinery',
    description: 'Combined modules.dep for all extensions',
    compatibility: { talos: { version: '' } },
  }
}

/**
 * The files of the index: what depmod writes anew, and the lists `modules.*` that base and extensions bring. Errors of
 * `readModuleTree` and `encodeModulesIndexes`.
 */
export async function makeModuleIndex(
  base: FileTree,
  extensions: readonly Extension[],
  kernelRelease: string,
  time: number,
): Promise<readonly SquashFile[]> {
  const folder = `${MODULES_FOLDER}/${kernelRelease}`
  // As the layers are mounted: the later wins.
  const entries: FileEntry[] = [base, ...extensions.map(({ rootfs }) => rootfs)].flatMap((tree) => [
    ...tree.under(folder),
  ])
  const merged = new FileTree(entries, base.where)
  const lists = merged.children(folder).flatMap(({ path, data }) => {
    const name = path.slice(folder.length + 1)
    return name.startsWith('modules.') && data !== undefined ? [[name, data] as const] : []
  })
  const files = new Map<string, NonNullable<SquashFile['data']>>(lists)
  for (const [name, bytes] of encodeModulesIndexes(await readModuleTree(merged, folder))) files.set(name, bytes)
  return [...files].map(([name, data]) => ({
    path: `${folder}/${name}`,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: time,
    data,
  }))
}
