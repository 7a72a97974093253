// Directory listings: runs of up to 256 entries under a header. https://dr-emann.github.io/squashfs/#_directory_table
import { decodeName, type FileType } from '../../fs/file-tree.ts'
import type { DirectoryInode } from './inodes.ts'
import { INODE_TYPES } from './inodes.ts'
import { locate, tableCursor, type MetadataTable } from './metadata.ts'

export type ListingEntry = {
  readonly name: string
  readonly type: FileType
  /** Position of the inode: its metadata block in the inode table, and the offset in it when decoded. */
  readonly block: number
  readonly offset: number
  /** Inode number as the listing has it: the kernel keeps inodes by this number. */
  readonly number: number
  /** The name as stored; the kernel looks up names in the order of their bytes. */
  readonly bytes: Uint8Array
  /** The offset of the entry's run in the listing. */
  readonly run: number
}

/** Entries under one header, and bytes of a name (SQUASHFS_NAME_LEN). */
const MAX_RUN = 256
const MAX_NAME = 256
const HEADER_SIZE = 12

/**
 * The entries of a directory, in stored order. MALFORMED for names that no file can have (`.`, `..`, with `/` or NUL),
 * for a name twice, and for a listing that ends inside an entry.
 */
export function* parseListing(table: MetadataTable, inode: DirectoryInode): Generator<ListingEntry, void, void> {
  if (inode.size === 0) return
  const start = locate(table, 'directory listing', inode.block, inode.offset)
  const cursor = tableCursor(table, start)
  const end = start + inode.size
  if (end > table.bytes.length)
    throw cursor.error('TRUNCATED', `directory listing, expected ${inode.size} bytes, got ${cursor.remaining}`)
  const names = new Set<string>()
  while (cursor.position + HEADER_SIZE <= end) {
    const runStart = cursor.position - start
    const run = cursor.u32le('entry count') + 1 // 0, 4: one less than there are
    const block = cursor.u32le('inode block') // 4, 4
    const first = cursor.u32le('inode number') // 8, 4; entries add a signed difference
    if (run > MAX_RUN) throw cursor.error('MALFORMED', `directory run, expected at most ${MAX_RUN} entries, got ${run}`)
    for (let entry = 0; entry < run; entry++) {
      const at = cursor.position
      const offset = cursor.u16le('inode offset') // 0, 2
      const difference = cursor.u16le('inode number difference') // 2, 2
      const number = cursor.u16le('entry type') // 4, 2: always the basic type
      const length = cursor.u16le('name size') + 1 // 6, 2: one less than there are
      const type = INODE_TYPES[number]
      if (type === undefined) throw cursor.error('MALFORMED', `entry type, expected 1 to 7, got ${number}`, at)
      if (length > Math.min(MAX_NAME, end - cursor.position))
        throw cursor.error('MALFORMED', `name size, expected at most ${MAX_NAME} inside the listing, got ${length}`, at)
      const bytes = cursor.bytes(length, 'name') // 8, length
      const name = decodeName(bytes)
      if (name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
        throw cursor.error('MALFORMED', `name, expected one of a file, got ${JSON.stringify(name)}`, at)
      if (names.has(name)) throw cursor.error('MALFORMED', `name, expected once, got ${JSON.stringify(name)} twice`, at)
      names.add(name)
      const inodeNumber = first + ((difference << 16) >> 16)
      yield { name, type, block, offset, number: inodeNumber, bytes, run: runStart }
    }
  }
  if (cursor.position !== end)
    throw cursor.error(
      'MALFORMED',
      `directory listing, expected to end with an entry, got ${end - cursor.position} more bytes`,
    )
}
