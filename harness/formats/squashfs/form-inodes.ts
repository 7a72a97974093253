// Inodes and listings as mksquashfs writes them and the kernel reads them: side by side, numbered from 1, the basic form
// where it suffices, each name under the number of its inode. squashfs-tools mksquashfs.c create_inode, write_dir;
// linux v6.12 fs/squashfs/{inode,dir,namei}.c
import { METADATA_SIZE, tableCursor, type MetadataTable } from './metadata.ts'
import type { DirectoryInode, FileInode, Inode } from './inodes.ts'
import type { Tables, Visit } from './tree.ts'

export type Visited = Tables & {
  /** Inodes in the order of the walk, the root first. */
  readonly visits: readonly Visit[]
  /** Names by the place of their inode. */
  readonly byOffset: ReadonlyMap<number, readonly Visit[]>
}

/** mksquashfs writes an extended directory for more entries, or a longer listing, than this. */
const MAX_BASIC_ENTRIES = 256
const MAX_BASIC_LISTING = 8192
const ENTRY_SIZE = 8
const MAX_U32 = 0xffff_ffff
/** Every link's, says lstat of Linux; mksquashfs writes down what it says. */
const LINK_MODE = 0o777

export function inodeDeviations(visited: Visited): readonly string[] {
  return [...placeDeviations(visited), ...nameDeviations(visited), ...listingDeviations(visited)]
}

/** Every byte of the inode table is an inode's, and every number from 1 on is one's. */
function placeDeviations({ image, inodes, byOffset }: Visited): readonly string[] {
  const found: string[] = []
  const numbers = new Set<number>()
  let end = 0
  for (const [at, names] of [...byOffset].toSorted(([a], [b]) => a - b)) {
    const [first] = names
    if (first === undefined) continue
    const { inode, path } = first
    if (at !== end) found.push(`inode of ${path}: expected at ${end} of the table, got ${at}`)
    end = endOf(inode, inodes)
    numbers.add(inode.inode)
    found.push(
      ...formDeviations(inode, names.length, image.superblock.blockSize).map(
        (what) => `inode of ${path || '/'}: ${what}`,
      ),
    )
  }
  if (end !== inodes.bytes.length)
    found.push(`inode table: expected to end with an inode, got ${inodes.bytes.length - end} more bytes`)
  const { inodeCount } = image.superblock
  if (byOffset.size !== inodeCount || numbers.size !== inodeCount || Math.max(0, ...numbers) !== inodeCount)
    found.push(`inodes: expected the numbers 1 to ${inodeCount}, each once, got ${numbers.size} of ${byOffset.size}`)
  return found
}

function endOf(inode: Inode, table: MetadataTable): number {
  const { end, indexCount = 0 } = inode.form
  const cursor = tableCursor(table, end)
  for (let entry = 0; entry < indexCount; entry++) {
    cursor.seek(cursor.position + 8) // u32 index, u32 block
    cursor.bytes(cursor.u32le('index name size') + 1, 'index name')
  }
  return cursor.position
}

function formDeviations(inode: Inode, names: number, blockSize: number): readonly string[] {
  const { extended, modeBits } = inode.form
  const found: string[] = []
  if (inode.type === 'symlink' && inode.mode !== LINK_MODE)
    found.push(`expected mode 0${LINK_MODE.toString(8)} of a link, got 0${inode.mode.toString(8)}`)
  if (modeBits !== 0) found.push(`expected permissions alone in its mode, got 0x${modeBits.toString(16)} above them`)
  if (inode.type !== 'directory' && inode.links !== names) found.push(`expected ${names} links, got ${inode.links}`)
  if (inode.type === 'file') found.push(...fileForm(inode, blockSize))
  else if (inode.type !== 'directory' && extended !== (inode.xattr !== undefined))
    found.push(`expected the ${extended ? 'basic' : 'extended'} form, got the other`)
  return found
}

function fileForm(inode: FileInode, blockSize: number): readonly string[] {
  const { form, size, start, links, xattr, blockList, fragment } = inode
  const { extended, sparse = 0, fragmentOffset } = form
  const holes = sparseBytes(blockList, size, blockSize)
  const found: string[] = []
  if (sparse !== 0 && sparse !== Math.min(holes, size - 1))
    found.push(`expected ${Math.min(holes, size - 1)} bytes of holes, got ${sparse}`)
  const needed = links > 1 || sparse > 0 || xattr !== undefined || size > MAX_U32 || start > MAX_U32
  if (extended !== needed) found.push(`expected the ${needed ? 'extended' : 'basic'} form, got the other`)
  if (fragment === undefined && fragmentOffset !== 0)
    found.push(`expected no offset without a fragment, got ${fragmentOffset}`)
  return found
}

/** Bytes of the file in blocks that are not stored. */
function sparseBytes(blockList: Uint8Array, size: number, blockSize: number): number {
  const words = new DataView(blockList.buffer, blockList.byteOffset, blockList.byteLength)
  const blocks = blockList.length / 4
  let holes = 0
  for (let at = 0; at < blocks; at++)
    if (words.getUint32(at * 4, true) === 0) holes += Math.min(blockSize, size - at * blockSize)
  return holes
}

/** Names rise within a directory, are listed with their inode's number, and are found again by its parent. */
function nameDeviations({ visits, image }: Visited): readonly string[] {
  const last = new Map<Inode, Uint8Array>()
  return visits.flatMap(({ path, inode, listed, parent }) => {
    const found: string[] = []
    const above = parent?.inode ?? image.superblock.inodeCount + 1
    if (inode.type === 'directory' && inode.form.parent !== above)
      found.push(`expected the number ${above} of its parent, got ${inode.form.parent}`)
    if (listed !== undefined && parent !== undefined) {
      if (listed.number !== inode.inode) found.push(`listed as inode ${listed.number}, is inode ${inode.inode}`)
      const before = last.get(parent)
      if (before !== undefined && Buffer.compare(before, listed.bytes) >= 0)
        found.push('listed behind a name that comes after it: the kernel does not find it')
      last.set(parent, listed.bytes)
    }
    return found.map((what) => `${path || '/'}: ${what}`)
  })
}

/** Listings fill their table in the order in which their inodes were written; an index leads to runs that are there. */
function listingDeviations({ visits, byOffset, directories, inodes, image }: Visited): readonly string[] {
  const children = Map.groupBy(
    visits.filter(({ parent }) => parent !== undefined),
    ({ parent }) => parent,
  )
  const found: string[] = []
  let end = 0
  for (const [, names] of [...byOffset].toSorted(([a], [b]) => a - b)) {
    const [first] = names
    if (first?.inode.type !== 'directory') continue
    const { inode, path } = first
    const own = children.get(inode) ?? []
    const at = (directories.blocks.get(inode.block) ?? endOfTable(directories)) + inode.offset
    if (at !== end) found.push(`listing of ${path || '/'}: expected at ${end} of the table, got ${at}`)
    end = at + inode.size
    const folders = own.filter((child) => child.inode.type === 'directory').length
    if (inode.links !== folders + 2)
      found.push(`inode of ${path || '/'}: expected ${folders + 2} links, got ${inode.links}`)
    const listed = own.reduce((sum, child) => sum + ENTRY_SIZE + (child.listed?.bytes.length ?? 0), 0)
    const needed = own.length > MAX_BASIC_ENTRIES || listed >= MAX_BASIC_LISTING || inode.xattr !== undefined
    if (inode.form.extended !== needed)
      found.push(`inode of ${path || '/'}: expected the ${needed ? 'extended' : 'basic'} form, got the other`)
    found.push(
      ...indexDeviations({ inode, path, own, at, directories, inodes, tableStart: image.superblock.directoryTable }),
    )
  }
  if (end !== directories.bytes.length)
    found.push(`directory table: expected to end with a listing, got ${directories.bytes.length - end} more bytes`)
  return found
}

/** Decoded bytes in whole blocks: where a listing begins that would be the first of a block that is not there. */
function endOfTable({ bytes }: MetadataTable): number {
  return Math.floor(bytes.length / METADATA_SIZE) * METADATA_SIZE
}

type Indexed = {
  readonly inode: DirectoryInode
  readonly path: string
  readonly own: readonly Visit[]
  /** The offset of the listing in the decoded table. */
  readonly at: number
  readonly directories: MetadataTable
  readonly inodes: MetadataTable
  readonly tableStart: number
}

/** The kernel starts to look at the last entry of the index whose name is not behind the one that it wants. */
function indexDeviations({ inode, path, own, at, directories, inodes, tableStart }: Indexed): readonly string[] {
  const { indexCount = 0, end } = inode.form
  const cursor = tableCursor(inodes, end)
  const runs = new Map<number, Visit>()
  for (const child of own) if (child.listed && !runs.has(child.listed.run)) runs.set(child.listed.run, child)
  const found: string[] = []
  for (let entry = 0; entry < indexCount; entry++) {
    const run = cursor.u32le('index') // 0, 4
    const block = cursor.u32le('index block') // 4, 4
    const name = cursor.bytes(cursor.u32le('index name size') + 1, 'index name') // 8, 4, then the name
    const first = runs.get(run)?.listed?.bytes
    const wanted = (directories.positions[Math.floor((at + run) / METADATA_SIZE)] ?? 0) - tableStart
    if (first === undefined || Buffer.compare(first, name) !== 0 || block !== wanted)
      found.push(`index of ${path || '/'}: expected each entry to lead to a run and its first name, got ${run}`)
  }
  return found
}
