// The files of an image down to inside its containers, by path, and which of them differ. Content counts by its digest.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import { orAbsent } from '#harness/errors.ts'
import type { OpenedPart } from '../judge/candidates/part.ts'

/** Path, with `!` between a container and what is inside of it → what there is at it. */
export type FileSet = ReadonlyMap<string, string>

export type FileDifference = {
  readonly gone: readonly string[]
  readonly added: readonly string[]
  readonly changed: readonly string[]
}

/** Containers whose files are told rather than their own bytes. */
const OPENED = new Set([UKI_PATH, 'boot/initramfs.xz'])
/** Sections that are read otherwise. */
const READ: ReadonlySet<string> = new Set(['.linux', '.initrd', '.cmdline'])
const SQUASHFS = /\.sqsh$/

/** Errors of reading the part. Content is streamed: no file is in memory as a whole. */
export async function readFileSet({ talos }: OpenedPart): Promise<FileSet> {
  const set = new Map<string, string>()
  const files = await talos.files()
  await addTree(set, '', files, (path) => OPENED.has(path))
  const boot = await talos.initramfs()
  if (boot.base === undefined) return set
  const kernel = (await talos.kernel()).source
  set.set('kernel', `file ${await sha256Hex(kernel)}`)
  const commandLine = await talos.commandLine()
  if (commandLine !== undefined) set.set('command line', commandLine)
  for (const section of (await orAbsent(() => talos.uki()))?.appended ?? [])
    if (!READ.has(section.name) && !set.has(`UKI!${section.name}`))
      set.set(`UKI!${section.name}`, `section ${await sha256Hex(section.data())}`)
  const initramfs = await boot.tree()
  await addTree(set, 'initramfs!', initramfs, (path) => SQUASHFS.test(path))
  await addTree(set, 'rootfs!', await (await talos.rootfs()).tree())
  for (const { metadata, image } of await (await talos.extensions()).layers()) {
    const tree = await (await image?.squashfs())?.tree()
    if (tree !== undefined) await addTree(set, `${metadata.name}!`, tree)
  }
  return set
}

async function addTree(
  set: Map<string, string>,
  prefix: string,
  tree: FileTree,
  isOpened: (path: string) => boolean = () => false,
): Promise<void> {
  for (const { path, type, mode, uid, gid, target = '', data, xattrs } of tree.under('')) {
    if (isOpened(path)) continue
    const content = data === undefined ? target : await sha256Hex(data)
    const attributes = [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
    set.set(`${prefix}${path}`, [type, mode.toString(8), uid, gid, content, ...attributes.toSorted()].join(' '))
  }
}

export function compareFiles(was: FileSet, is: FileSet): FileDifference {
  const paths = (one: FileSet, test: (path: string) => boolean): readonly string[] =>
    [...one.keys()].filter(test).toSorted()
  return {
    gone: paths(was, (path) => !is.has(path)),
    added: paths(is, (path) => !was.has(path)),
    changed: paths(is, (path) => was.has(path) && was.get(path) !== is.get(path)),
  }
}
