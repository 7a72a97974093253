// The files of an image as a tree: parents made, names sorted, hard links joined, inodes numbered as mksquashfs does.
import type { ByteSource } from '#harness/bytes/source.ts'
import { checkRange, MAX_NAME_SIZE, MAX_PATH_SIZE, MAX_TARGET_SIZE, squashfsError } from './limits.ts'

export type SquashType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket'

export type SquashFile = {
  /** The path relative to the root, normalised; '' is the root. */
  readonly path: string
  readonly type: SquashType | 'hardlink'
  /** Permission bits, 0o7777 at most. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Content of a regular file; empty when absent. */
  readonly data?: Uint8Array | ByteSource | undefined
  /**
   * The file has holes where it comes from: blocks of zeros are then counted in the inode, as mksquashfs does, so that
   * `du` shows them. They take no space either way.
   */
  readonly sparse?: boolean | undefined
  /** The text of a symbolic link; the path of another entry for a hard link, whose other fields are ignored. */
  readonly target?: string | undefined
  readonly device?: { readonly major: number; readonly minor: number } | undefined
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined
}

/** One inode; hard links share it. */
export type TreeInode = {
  readonly file: SquashFile & { readonly type: SquashType }
  number: number
  links: number
  /** The position where it was written: metadata block << 16 | offset. */
  reference?: number
}
export type TreeNode = { readonly name: Buffer; readonly inode: TreeInode; readonly children: readonly TreeNode[] }
export type Tree = { readonly root: TreeNode; readonly inodeCount: number }

type Draft = { readonly inode: TreeInode; readonly children: Map<string, Draft> }

/**
 * The tree of `files`, in any order; missing parents are 0755, root's, and of `mtime`.
 * FormatError MALFORMED for a path that is not normalised, is there twice, or is below what is not a directory, for
 * a hard link that leads nowhere, and for numbers that have no place on disk; LIMIT_EXCEEDED for names too long.
 */
export function buildTree(files: Iterable<SquashFile>, mtime: number): Tree {
  const byPath = new Map<string, SquashFile>()
  for (const file of files) {
    if (byPath.has(file.path)) throw squashfsError('MALFORMED', 'expected one entry for each path, got two', file.path)
    byPath.set(file.path, checkFile(file))
  }
  const inodes = new Map<string, TreeInode>()
  const inodeAt = (path: string): TreeInode => {
    const file = followHardLinks(byPath, path, mtime)
    const known = inodes.get(file.path) ?? { file, number: 0, links: 0 }
    inodes.set(file.path, known)
    return known
  }
  const root: Draft = { inode: inodeAt(''), children: new Map() }
  if (root.inode.file.type !== 'directory')
    throw squashfsError('MALFORMED', `expected a directory, got a ${root.inode.file.type}`, '')
  for (const path of byPath.keys()) {
    let at = root
    let end = 0
    for (const name of path === '' ? [] : path.split('/')) {
      end += name.length + (end === 0 ? 0 : 1)
      at = childOf(at, name, () => inodeAt(path.slice(0, end)))
    }
  }
  return number(sort(root, ''))
}

function childOf(parent: Draft, name: string, inodeOf: () => TreeInode): Draft {
  const known = parent.children.get(name)
  if (known !== undefined) return known
  const { file } = parent.inode
  if (file.type !== 'directory')
    throw squashfsError('MALFORMED', `expected a directory above ${name}, got a ${file.type}`, file.path)
  const child: Draft = { inode: inodeOf(), children: new Map() }
  parent.children.set(name, child)
  return child
}

function followHardLinks(byPath: ReadonlyMap<string, SquashFile>, path: string, mtime: number): TreeInode['file'] {
  let file = byPath.get(path) ?? { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime }
  for (const seen = new Set<SquashFile>(); file.type === 'hardlink';) {
    const target = byPath.get(file.target ?? '')
    if (target === undefined || target.type === 'directory' || seen.has(target))
      throw squashfsError('MALFORMED', `expected a hard link to a file, got ${file.target ?? 'no target'}`, path)
    seen.add(target)
    file = target
  }
  return { ...file, type: file.type }
}

/** mksquashfs orders by strcmp: bytes, not letters. */
function sort(draft: Draft, name: string): TreeNode {
  const children = [...draft.children]
    .map(([childName, child]) => sort(child, childName))
    .toSorted((a, b) => Buffer.compare(a.name, b.name))
  return { name: Buffer.from(name), inode: draft.inode, children }
}

/** Numbers from 1, a directory before what is in it, the root last; and the links that lead to each inode. */
function number(root: TreeNode): Tree {
  let inodeCount = 0
  const visit = ({ inode, children }: TreeNode): void => {
    inode.links += inode.file.type === 'directory' ? 2 : 1
    if (inode.number === 0 && inode !== root.inode) inode.number = ++inodeCount
    for (const child of children) {
      visit(child)
      if (child.inode.file.type === 'directory') inode.links += 1
    }
  }
  visit(root)
  root.inode.number = ++inodeCount
  return { root, inodeCount }
}

function checkFile(file: SquashFile): SquashFile {
  const { path, type, target } = file
  if (Buffer.byteLength(path) > MAX_PATH_SIZE)
    throw squashfsError('LIMIT_EXCEEDED', `expected paths of at most ${MAX_PATH_SIZE} bytes, got more`, path)
  for (const name of path === '' ? [] : path.split('/')) {
    if (name === '' || name === '.' || name === '..' || name.includes('\0'))
      throw squashfsError('MALFORMED', `expected a normalised path, got ${JSON.stringify(path)}`, path)
    if (Buffer.byteLength(name) > MAX_NAME_SIZE)
      throw squashfsError('LIMIT_EXCEEDED', `expected names of at most ${MAX_NAME_SIZE} bytes, got ${name}`, path)
  }
  if (type === 'hardlink') return file
  checkRange('a mode', file.mode, 0o7777, path)
  checkRange('a uid', file.uid, 0xffff_ffff, path)
  checkRange('a gid', file.gid, 0xffff_ffff, path)
  checkRange('a time', file.mtime, 0xffff_ffff, path)
  // Linux packs a device into 32 bits: 12 of major, 20 of minor (new_encode_dev).
  checkRange('a major number', file.device?.major ?? 0, 0xfff, path)
  checkRange('a minor number', file.device?.minor ?? 0, 0xfffff, path)
  if ((type === 'character' || type === 'block') && file.device === undefined)
    throw squashfsError('MALFORMED', 'expected the numbers of a device, got none', path)
  const targetSize = Buffer.byteLength(target ?? '')
  if (type === 'symlink' && (targetSize === 0 || targetSize > MAX_TARGET_SIZE))
    throw squashfsError('LIMIT_EXCEEDED', `expected a target of 1 … ${MAX_TARGET_SIZE} bytes, got ${targetSize}`, path)
  return file
}
