// The files of an image down to inside its containers, by path, and which of them differ. Content counts by its digest.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { Uki } from '#harness/formats/uki/uki.ts'
import type { SquashfsEntry } from '#harness/formats/squashfs/reader.ts'
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

/**
 * Errors of reading the part. Content is streamed: no file is in memory as a whole. What has one path with another thing, such
 * as a file `kernel` beside the kernel, or sections of one name, counts with it in the order of the bytes.
 */
export async function readFileSet({ talos }: OpenedPart): Promise<FileSet> {
  const set = new Map<string, string>()
  const files = await talos.files()
  await addTree(set, '', files, (path) => OPENED.has(path))
  const boot = await talos.initramfs()
  if (boot.base === undefined) return set
  add(set, 'kernel', `file ${await sha256Hex((await talos.kernel()).source)}`)
  const commandLine = await talos.commandLine()
  if (commandLine !== undefined) add(set, 'command line', commandLine)
  await addUki(set, await orAbsent(() => talos.uki()))
  const initramfs = await boot.tree()
  await addTree(set, 'initramfs!', initramfs, (path) => SQUASHFS.test(path))
  await addTree(set, 'rootfs!', await (await talos.rootfs()).tree())
  for (const { metadata, image } of await (await talos.extensions()).layers()) {
    const tree = await (await image?.squashfs())?.tree()
    if (tree !== undefined) await addTree(set, `${metadata.name}!`, tree)
  }
  return set
}

/** The sections of the stub and those behind it; of the first of each name what is read otherwise is left out. */
async function addUki(set: Map<string, string>, uki: Uki | undefined): Promise<void> {
  const seen = new Set<string>()
  for (const section of [...(uki?.stubSections ?? []), ...(uki?.appended ?? [])]) {
    const { name } = section
    if (seen.has(name) || !READ.has(name)) add(set, `UKI!${name}`, `section ${await sha256Hex(section.data())}`)
    seen.add(name)
  }
}

async function addTree(
  set: Map<string, string>,
  prefix: string,
  tree: FileTree,
  isOpened: (path: string) => boolean = () => false,
): Promise<void> {
  for (const entry of tree.under('')) {
    const { path, type, mode, uid, gid, target = '', data, xattrs } = entry
    if (isOpened(path)) continue
    const content = data === undefined ? target : await sha256Hex(data)
    const attributes = [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
    const { device } = entry as SquashfsEntry
    const number = device === undefined ? [] : [`${device.major}:${device.minor}`]
    add(
      set,
      `${prefix}${path}`,
      [type, mode.toString(8), uid, gid, content, ...number, ...attributes.toSorted()].join(' '),
    )
  }
}

function add(set: Map<string, string>, path: string, content: string): void {
  const before = set.get(path)
  set.set(path, before === undefined ? content : `${before}\n${content}`)
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
