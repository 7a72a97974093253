// Inodes of all fourteen types. https://dr-emann.github.io/squashfs/#_inode_table, linux fs/squashfs/inode.c
import type { Cursor } from '../../bytes/cursor.ts'
import type { FileType } from '../../fs/file-tree.ts'
import { tableCursor, type MetadataTable } from './metadata.ts'
import type { Superblock } from './superblock.ts'

type Common = {
  readonly form: InodeForm
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uidIndex: number
  readonly gidIndex: number
  readonly mtime: number
  /** Inode number. */
  readonly inode: number
  readonly links: number
  /** Index into the xattr table; undefined for none. */
  readonly xattr: number | undefined
}

/** The encoding of an inode, to compare with the one that mksquashfs would choose. */
type InodeForm = {
  readonly extended: boolean
  /** Bits above the permissions, which have no meaning. */
  readonly modeBits: number
  /** The end of its fixed part and its lists in the table, without a directory's index. */
  readonly end: number
  /** The inode number of a directory's parent. */
  readonly parent?: number
  /** Entries of the index that follows an extended directory. */
  readonly indexCount?: number
  /** A file's offset in a fragment, also where there is none; an extended file's bytes of holes. */
  readonly fragmentOffset?: number
  readonly sparse?: number
}

export type DirectoryInode = Common & {
  readonly type: 'directory'
  /** Position of the listing: its metadata block, and the offset in it when decoded. */
  readonly block: number
  readonly offset: number
  /** Bytes of the listing. */
  readonly size: number
}

export type FileInode = Common & {
  readonly type: 'file'
  /** The offset of the first data block in the image. */
  readonly start: number
  readonly size: number
  readonly fragment: { readonly index: number; readonly offset: number } | undefined
  /** One u32 for each block outside the fragment. */
  readonly blockList: Uint8Array
}

type SymlinkInode = Common & { readonly type: 'symlink'; readonly target: Uint8Array }
type DeviceInode = Common & {
  readonly type: 'character' | 'block'
  readonly device: { readonly major: number; readonly minor: number }
}
type IpcInode = Common & { readonly type: 'fifo' | 'socket' }
export type Inode = DirectoryInode | FileInode | SymlinkInode | DeviceInode | IpcInode

/** Types by basic type number; an extended type is seven more. */
export const INODE_TYPES: readonly (Exclude<FileType, 'hardlink'> | undefined)[] = [
  undefined,
  'directory',
  'file',
  'symlink',
  'block',
  'character',
  'fifo',
  'socket',
]
const EXTENDED = 7
/** An index (fragment, xattr) that is not there. */
const NONE = 0xffff_ffff
/** A directory's stored size counts `.` and `..` as three bytes that are not stored. */
const LISTING_EXTRA = 3
/** PATH_MAX: Linux follows no longer target, and refuses to read it from squashfs. */
const MAX_TARGET = 4096

type Header = Omit<Common, 'links' | 'xattr' | 'form'> & Pick<InodeForm, 'extended' | 'modeBits'>

/**
 * The inode at `offset` of the decoded inode table. MALFORMED for an unknown type, TRUNCATED behind the table's end.
 */
export function parseInode(table: MetadataTable, offset: number, superblock: Superblock): Inode {
  const cursor = tableCursor(table, offset)
  const number = cursor.u16le('inode type') // 0, 2
  const type = INODE_TYPES[number > EXTENDED ? number - EXTENDED : number]
  if (type === undefined) throw cursor.error('MALFORMED', `inode type, expected 1 to 14, got ${number}`, offset)
  const extended = number > EXTENDED
  const mode = cursor.u16le('mode') // 2, 2
  const header: Header = {
    extended,
    modeBits: mode & ~0o7777,
    mode: mode & 0o7777,
    uidIndex: cursor.u16le('uid index'), // 4, 2
    gidIndex: cursor.u16le('gid index'), // 6, 2
    mtime: cursor.u32le('modification time'), // 8, 4
    inode: cursor.u32le('inode number'), // 12, 4
  }
  if (type === 'directory') return extended ? parseExtendedDirectory(cursor, header) : parseDirectory(cursor, header)
  if (type === 'file')
    return extended ? parseExtendedFile(cursor, header, superblock) : parseFile(cursor, header, superblock)
  const links = cursor.u32le('link count') // 16, 4
  if (type === 'symlink') {
    const length = cursor.u32le('target size') // 20, 4
    if (length > MAX_TARGET)
      throw cursor.error(
        'LIMIT_EXCEEDED',
        `symlink target, expected at most ${MAX_TARGET} bytes, got ${length}`,
        offset,
      )
    const target = cursor.bytes(length, 'symlink target') // 24, length
    return finish(cursor, header, { type, links, target, xattr: extended ? parseXattrIndex(cursor) : undefined })
  }
  if (type === 'block' || type === 'character') {
    const device = splitDevice(cursor.u32le('device number')) // 20, 4
    return finish(cursor, header, { type, links, device, xattr: extended ? parseXattrIndex(cursor) : undefined })
  }
  return finish(cursor, header, { type, links, xattr: extended ? parseXattrIndex(cursor) : undefined })
}

/** The inode that was read up to here. */
function finish<T extends object>(
  cursor: Cursor,
  { extended, modeBits, ...header }: Header,
  fields: T,
  form: Omit<InodeForm, 'extended' | 'modeBits' | 'end'> = {},
): Omit<Header, 'extended' | 'modeBits'> & T & { readonly form: InodeForm } {
  return { ...header, ...fields, form: { extended, modeBits, end: cursor.position, ...form } }
}

function parseDirectory(cursor: Cursor, header: Header): DirectoryInode {
  const block = cursor.u32le('listing block') // 16, 4
  const links = cursor.u32le('link count') // 20, 4
  const size = cursor.u16le('listing size') // 24, 2
  const offset = cursor.u16le('listing offset') // 26, 2
  const parent = cursor.u32le('parent inode') // 28, 4
  const fields = { type: 'directory', links, block, offset, size: listingSize(size), xattr: undefined } as const
  return finish(cursor, header, fields, { parent })
}

function parseExtendedDirectory(cursor: Cursor, header: Header): DirectoryInode {
  const links = cursor.u32le('link count') // 16, 4
  const size = cursor.u32le('listing size') // 20, 4
  const block = cursor.u32le('listing block') // 24, 4
  const parent = cursor.u32le('parent inode') // 28, 4
  const indexCount = cursor.u16le('index count') // 32, 2; the index is behind the inode
  const offset = cursor.u16le('listing offset') // 34, 2
  const xattr = parseXattrIndex(cursor) // 36, 4
  const fields = { type: 'directory', links, block, offset, size: listingSize(size), xattr } as const
  return finish(cursor, header, fields, { parent, indexCount })
}

function parseFile(cursor: Cursor, header: Header, superblock: Superblock): FileInode {
  const start = cursor.u32le('first block') // 16, 4
  const index = cursor.u32le('fragment index') // 20, 4
  const offset = cursor.u32le('fragment offset') // 24, 4
  const size = cursor.u32le('file size') // 28, 4
  const tail = parseBlockList(cursor, size, index, offset, superblock) // 32, …
  const fields = { type: 'file', links: 1, start, size, ...tail, xattr: undefined } as const
  return finish(cursor, header, fields, { fragmentOffset: offset })
}

function parseExtendedFile(cursor: Cursor, header: Header, superblock: Superblock): FileInode {
  const start = cursor.count64le('first block') // 16, 8
  const size = cursor.count64le('file size') // 24, 8
  const sparse = Number(cursor.u64le('sparse bytes')) // 32, 8
  const links = cursor.u32le('link count') // 40, 4
  const index = cursor.u32le('fragment index') // 44, 4
  const offset = cursor.u32le('fragment offset') // 48, 4
  const xattr = parseXattrIndex(cursor) // 52, 4
  const tail = parseBlockList(cursor, size, index, offset, superblock) // 56, …
  const fields = { type: 'file', links, start, size, ...tail, xattr } as const
  return finish(cursor, header, fields, { fragmentOffset: offset, sparse })
}

/** A view of the list, so that a file of terabytes costs no more than the table that must hold its list. */
function parseBlockList(
  cursor: Cursor,
  size: number,
  index: number,
  offset: number,
  superblock: Superblock,
): Pick<FileInode, 'fragment' | 'blockList'> {
  const { blockSize, fragmentCount } = superblock
  const fragment = index === NONE ? undefined : { index, offset }
  if (fragment !== undefined && index >= fragmentCount)
    throw cursor.error('MALFORMED', `fragment index, expected below ${fragmentCount}, got ${index}`)
  if (fragment !== undefined && offset + (size % blockSize) > blockSize)
    throw cursor.error('MALFORMED', `fragment offset, expected inside a block of ${blockSize} bytes, got ${offset}`)
  const blocks = fragment === undefined ? Math.ceil(size / blockSize) : Math.floor(size / blockSize)
  return { fragment, blockList: cursor.bytes(blocks * 4, 'block list') }
}

function parseXattrIndex(cursor: Cursor): number | undefined {
  const index = cursor.u32le('xattr index')
  return index === NONE ? undefined : index
}

function listingSize(stored: number): number {
  return Math.max(0, stored - LISTING_EXTRA)
}

/** Linux new_decode_dev: minor bits 0–7, major bits 8–19, the rest of minor above. */
function splitDevice(device: number): { major: number; minor: number } {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) }
}
