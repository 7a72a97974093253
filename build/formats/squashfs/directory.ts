// Directory listings: runs of entries that share a metadata block of inodes, and an index into long ones.
// https://docs.kernel.org/filesystems/squashfs.html (3.4); fs/squashfs/squashfs_fs.h, struct squashfs_dir_*
import type { SquashType } from './tree.ts'

/** SQUASHFS_DIR_COUNT */
const MAX_RUN = 256
/** Linux finds its way in a long listing by one index entry for each metadata block. */
const INDEX_INTERVAL = 8192
const HEADER_SIZE = 12
const ENTRY_SIZE = 8

/** Basic inode types; a listing never names the extended ones. */
export const TYPE_NUMBERS: Readonly<Record<SquashType, number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  block: 4,
  character: 5,
  fifo: 6,
  socket: 7,
}

export type ListedInode = {
  readonly name: Buffer
  readonly type: SquashType
  readonly number: number
  readonly reference: number
}
/** `position` is that of a run in the listing; `name` that of its first entry. */
type IndexEntry = { readonly position: number; readonly name: Buffer }
export type Listing = {
  readonly bytes: Buffer
  readonly index: readonly IndexEntry[]
  /** True if mksquashfs gives the directory an extended inode, whether or not that gets an index. */
  readonly long: boolean
}

/** The listing of entries in order. A run ends where its block, its 256 entries or its 16-bit number deltas end. */
export function encodeListing(entries: readonly ListedInode[]): Listing {
  const parts: Buffer[] = []
  const index: IndexEntry[] = []
  let run: { readonly header: Buffer; readonly block: number; readonly number: number; count: number } | undefined
  let size = 0
  let indexed = 0
  for (const { name, type, number, reference } of entries) {
    const block = Math.floor(reference / 0x1_0000)
    const entrySize = ENTRY_SIZE + name.length
    const indexDue = run !== undefined && size + entrySize - indexed > INDEX_INTERVAL
    if (run === undefined || indexDue || run.count === MAX_RUN || run.block !== block || !fits(number - run.number)) {
      if (indexDue) {
        index.push({ position: size, name })
        indexed = size
      }
      run = { header: Buffer.alloc(HEADER_SIZE), block, number, count: 0 }
      run.header.writeUInt32LE(block, 4) // 4 u32 start_block
      run.header.writeUInt32LE(number, 8) // 8 u32 inode_number
      parts.push(run.header)
      size += HEADER_SIZE
    }
    run.header.writeUInt32LE(run.count++, 0) // 0 u32 count − 1
    const entry = Buffer.alloc(ENTRY_SIZE)
    entry.writeUInt16LE(reference % 0x1_0000, 0) // 0 u16 offset of the inode in its block
    entry.writeInt16LE(number - run.number, 2) // 2 s16 inode_number, relative to the header's
    entry.writeUInt16LE(TYPE_NUMBERS[type], 4) // 4 u16 type
    entry.writeUInt16LE(name.length - 1, 6) // 6 u16 size − 1 of the name, which follows
    parts.push(entry, name)
    size += entrySize
  }
  const entryBytes = entries.reduce((sum, { name }) => sum + ENTRY_SIZE + name.length, 0)
  return { bytes: Buffer.concat(parts), index, long: entries.length > MAX_RUN || entryBytes >= INDEX_INTERVAL }
}

function fits(delta: number): boolean {
  return delta >= -0x8000 && delta <= 0x7fff
}
