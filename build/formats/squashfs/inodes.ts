// Inodes: the basic form where it suffices, the extended one where it does not.
// https://docs.kernel.org/filesystems/squashfs.html (3.3); fs/squashfs/squashfs_fs.h, struct squashfs_*_inode
import type { StoredContent } from './data.ts'
import { TYPE_NUMBERS } from './directory.ts'
import { squashfsError } from './limits.ts'
import type { SquashType } from './tree.ts'
import { NO_XATTRS } from './xattrs.ts'

/** Extended types are the basic ones plus this. */
const EXTENDED = 7
const NO_FRAGMENT = 0xffff_ffff
/** `file_size` of a directory counts `.` and `..` as 3 bytes. */
const DOT_ENTRIES = 3

export type InodeHead = {
  readonly mode: number
  readonly uidIndex: number
  readonly gidIndex: number
  readonly mtime: number
  readonly number: number
  readonly links: number
  readonly xattrs: number
}
export type IndexBlock = { readonly position: number; readonly block: number; readonly name: Buffer }
export type DirectoryFields = {
  readonly block: number
  readonly offset: number
  readonly listingSize: number
  readonly long: boolean
  readonly parent: number
  readonly index: readonly IndexBlock[]
}

/** Little-endian fields in order. */
function fields(...values: readonly (readonly [2 | 4 | 8, number])[]): Buffer {
  const bytes = Buffer.alloc(values.reduce((sum, [size]) => sum + size, 0))
  let at = 0
  for (const [size, value] of values) {
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, size)
    at += size
  }
  return bytes
}

function encodeHead(type: SquashType, extended: boolean, head: InodeHead): Buffer {
  return fields(
    [2, TYPE_NUMBERS[type] + (extended ? EXTENDED : 0)], // 0 u16 inode_type
    [2, head.mode], // 2 u16 mode
    [2, head.uidIndex], // 4 u16 uid, index in the id table
    [2, head.gidIndex], // 6 u16 guid, the same
    [4, head.mtime], // 8 u32 mtime
    [4, head.number], // 12 u32 inode_number
  )
}

export function encodeDirectoryInode(head: InodeHead, directory: DirectoryFields): Buffer {
  const { block, offset, listingSize, long, parent, index } = directory
  const size = listingSize + DOT_ENTRIES
  if (!long && head.xattrs === NO_XATTRS)
    return Buffer.concat([
      encodeHead('directory', false, head),
      // 16 u32 start_block, 20 u32 nlink, 24 u16 file_size, 26 u16 offset, 28 u32 parent_inode
      fields([4, block], [4, head.links], [2, size], [2, offset], [4, parent]),
    ])
  return Buffer.concat([
    encodeHead('directory', true, head),
    // 16 u32 nlink, 20 u32 file_size, 24 u32 start_block, 28 u32 parent_inode, 32 u16 i_count, 34 u16 offset, 36 u32 xattr
    fields([4, head.links], [4, size], [4, block], [4, parent], [2, index.length], [2, offset], [4, head.xattrs]),
    // 40 index: u32 index, u32 start_block, u32 size − 1 of the name, the name
    ...index.flatMap((entry) => [
      fields([4, entry.position], [4, entry.block], [4, entry.name.length - 1]),
      entry.name,
    ]),
  ])
}

export function encodeFileInode(head: InodeHead, content: StoredContent, sparse: number): Buffer {
  const { size, start, blocks } = content
  const fragment = content.fragment ?? { index: NO_FRAGMENT, offset: 0 }
  const list = Buffer.alloc(blocks.length * 4)
  for (const [index, word] of blocks.entries()) list.writeUInt32LE(word, index * 4)
  const { links, xattrs } = head
  if (links === 1 && xattrs === NO_XATTRS && sparse === 0 && size <= 0xffff_ffff && start <= 0xffff_ffff)
    return Buffer.concat([
      encodeHead('file', false, head),
      // 16 u32 start_block, 20 u32 fragment, 24 u32 offset in it, 28 u32 file_size, 32 u32 sizes of blocks
      fields([4, start], [4, fragment.index], [4, fragment.offset], [4, size]),
      list,
    ])
  return Buffer.concat([
    encodeHead('file', true, head),
    // 16 u64 start_block, 24 u64 file_size, 32 u64 sparse: below the size, so that Linux counts at least one block
    fields([8, start], [8, size], [8, Math.min(sparse, Math.max(0, size - 1))]),
    // 40 u32 nlink, 44 u32 fragment, 48 u32 offset in it, 52 u32 xattr, 56 u32 sizes of blocks
    fields([4, links], [4, fragment.index], [4, fragment.offset], [4, xattrs]),
    list,
  ])
}

export function encodeSymlinkInode(head: InodeHead, target: Buffer): Buffer {
  return Buffer.concat([
    encodeHead('symlink', head.xattrs !== NO_XATTRS, head),
    fields([4, head.links], [4, target.length]), // 16 u32 nlink, 20 u32 symlink_size
    target, // 24 the text, without NUL
    encodeXattrs(head), // then u32 xattr
  ])
}

export function encodeSpecialInode(
  type: 'character' | 'block' | 'fifo' | 'socket',
  head: InodeHead,
  device: { readonly major: number; readonly minor: number } | undefined,
): Buffer {
  const isDevice = type === 'character' || type === 'block'
  return Buffer.concat([
    encodeHead(type, head.xattrs !== NO_XATTRS, head),
    fields([4, head.links]), // 16 u32 nlink
    isDevice ? fields([4, encodeDevice(device)]) : Buffer.alloc(0), // 20 u32 rdev
    encodeXattrs(head), // then u32 xattr
  ])
}

/** new_encode_dev of Linux: minor bits 0–7, major, minor bits 8–19. */
function encodeDevice(device: { readonly major: number; readonly minor: number } | undefined): number {
  if (device === undefined) throw squashfsError('MALFORMED', 'expected the numbers of a device, got none')
  const { major, minor } = device
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0
}

function encodeXattrs({ xattrs }: InodeHead): Buffer {
  return xattrs === NO_XATTRS ? Buffer.alloc(0) : fields([4, xattrs])
}
