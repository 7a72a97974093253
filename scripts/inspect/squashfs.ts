// A squashfs: the root filesystem of Talos, or a system extension; and what a tree of files brings to a node.
import { posix } from 'node:path'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { moduleName } from '#harness/formats/modules/index.ts'
import { openSquashfs } from '#harness/formats/squashfs/reader.ts'
import { describeServices } from '#harness/talos/description/extension.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import { filesOf, type OpenFile } from './files.ts'
import { unreadable, type Facts, type Inside } from './node.ts'

/** Names of modules that are told one by one; the root filesystem has some hundreds. */
const MAX_MODULES = 12

/** Errors of reading the image; its folders are not shown unless asked for. */
export async function openSquash(data: ByteSource, openFile: OpenFile): Promise<Inside> {
  const squashfs = await openSquashfs(data)
  const tree = await squashfs.tree()
  const inside = await filesOf(tree, openFile)
  return { ...inside, facts: { ...(await brings(tree)), compression: squashfs.compression } }
}

/** Services with what they wait for, runtime handlers, modules, firmware, files. */
export async function brings(tree: FileTree): Promise<Facts> {
  let [files, size, firmware] = [0, 0, 0]
  const modules: string[] = []
  for (const { path, data } of tree.entries()) {
    if (data === undefined) continue
    files++
    size += data.size
    if (path.startsWith(`${FIRMWARE_FOLDER}/`)) firmware++
    if (path.startsWith(`${MODULES_FOLDER}/`) && path.endsWith('.ko')) modules.push(moduleName(posix.basename(path)))
  }
  return {
    ...(await servicesOf(tree)),
    ...(modules.length > 0 && { modules: modules.length > MAX_MODULES ? modules.length : modules.toSorted() }),
    ...(firmware > 0 && { firmware }),
    files,
    unpacked: size,
  }
}

async function servicesOf(tree: FileTree): Promise<Facts> {
  try {
    const { services, handlers } = await describeServices(tree)
    const lines = services.map(({ name, waits }) =>
      waits.length === 0 ? name : `${name} (waits for ${waits.join(', ')})`,
    )
    return { ...(lines.length > 0 && { services: lines }), ...(handlers.length > 0 && { handlers }) }
  } catch (error) {
    return unreadable(error)
  }
}
