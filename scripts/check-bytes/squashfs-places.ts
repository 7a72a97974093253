// Places inside the metadata of a squashfs image: the decoded blocks of its tables, each stored again with every
// pointer behind it moved. https://dr-emann.github.io/squashfs/
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { free, type Free } from './free.ts'
import type { Place } from './place.ts'

const decompress = promisify(zstdDecompress)
const METADATA_SIZE = 8192
const STORED = 0x8000
const FRAGMENT_COUNT = 16
const BYTES_USED = 40
const [ID_INDEX, XATTR_INDEX, INODES, DIRECTORIES, FRAGMENTS, EXPORT] = [48, 56, 64, 72, 80, 88]
const ABSENT = 0xffff_ffff_ffff_ffffn
const PADDING = 4096
/** u64 the table, u32 the number of sets, u32 unused; pointers follow. */
const XATTR_HEADER_SIZE = 16

type Block = { readonly name: string; readonly position: number; readonly end: number; readonly bytes: Buffer }

/** The first metadata block of each table of `image`, a part of `member`. */
export async function metadataPlaces(image: Uint8Array, member: Place): Promise<readonly Place[]> {
  const buffer = Buffer.from(image)
  const tables: readonly (readonly [string, number])[] = [
    ['inode table', pointer(buffer, INODES)],
    ['directory table', pointer(buffer, DIRECTORIES)],
    ...[
      ['fragment table', FRAGMENTS] as const,
      ['id table', ID_INDEX] as const,
      ['export table', EXPORT] as const,
    ].flatMap(([name, field]) => {
      const index = pointer(buffer, field)
      return index < 0 || index >= buffer.length ? [] : [[name, Number(buffer.readBigUInt64LE(index))] as const]
    }),
    ...xattrTables(buffer),
  ]
  const places: Place[] = []
  for (const [name, position] of tables) {
    const block = await decode(buffer, name, position)
    // A block before others of its table cannot change its size: references count from the table's start.
    if (block === undefined || block.bytes.length === METADATA_SIZE) continue
    places.push({
      depth: `squashfs ${name}`,
      name: `${member.name}!${name}`,
      bytes: block.bytes,
      free: name === 'inode table' ? inodeTimes(block.bytes) : [],
      put: (damaged) => member.put(encode(buffer, block, damaged)),
    })
  }
  return places
}

/** Names and values, and the sets of them. */
function xattrTables(image: Buffer): readonly (readonly [string, number])[] {
  const header = pointer(image, XATTR_INDEX)
  if (header < 0) return []
  return [
    ['xattr table', Number(image.readBigUInt64LE(header))],
    ['xattr ids', Number(image.readBigUInt64LE(header + XATTR_HEADER_SIZE))],
  ]
}

function pointer(image: Buffer, field: number): number {
  const value = image.readBigUInt64LE(field)
  return value === ABSENT ? -1 : Number(value)
}

async function decode(image: Buffer, name: string, position: number): Promise<Block | undefined> {
  const used = Number(image.readBigUInt64LE(BYTES_USED))
  if (position + 2 > used) return undefined
  const header = image.readUInt16LE(position)
  const size = header & ~STORED
  const stored = image.subarray(position + 2, position + 2 + size)
  if (size === 0 || size > METADATA_SIZE || position + 2 + size > used) return undefined
  const bytes = (header & STORED) === 0 ? await decompress(stored) : Buffer.from(stored)
  return { name, position, end: position + 2 + size, bytes }
}

/** The image with `bytes` as the content of `block`: sizes and the pointers to all that follows made right. */
function encode(image: Buffer, block: Block, bytes: Uint8Array): Uint8Array {
  // Stored as it is, which mksquashfs does wherever compression gains nothing.
  const body = bytes.subarray(0, METADATA_SIZE)
  const header = Buffer.alloc(2)
  header.writeUInt16LE(body.length | STORED)
  const used = Number(image.readBigUInt64LE(BYTES_USED))
  const delta = 2 + body.length - (block.end - block.position)
  const content = Buffer.concat([image.subarray(0, block.position), header, body, image.subarray(block.end, used)])
  const moved = (position: number): number => (position >= block.end ? position + delta : position)
  for (const index of [ID_INDEX, EXPORT]) movePointers(image, content, index, moved)
  // Without fragments the pointer to their table leads to whatever comes next, which has no pointers.
  if (image.readUInt32LE(FRAGMENT_COUNT) > 0) movePointers(image, content, FRAGMENTS, moved)
  const xattrs = pointer(image, XATTR_INDEX)
  if (xattrs >= 0)
    for (const at of [xattrs, xattrs + XATTR_HEADER_SIZE])
      content.writeBigUInt64LE(BigInt(moved(Number(image.readBigUInt64LE(at)))), moved(at))
  for (const field of [ID_INDEX, XATTR_INDEX, INODES, DIRECTORIES, FRAGMENTS, EXPORT]) {
    const value = pointer(image, field)
    if (value >= 0) content.writeBigUInt64LE(BigInt(moved(value)), field)
  }
  content.writeBigUInt64LE(BigInt(content.length), BYTES_USED)
  return Buffer.concat([content], Math.ceil(content.length / PADDING) * PADDING)
}

/** Pointers of a lookup table: as many as fit between the index and what follows it. */
function movePointers(image: Buffer, content: Buffer, field: number, moved: (position: number) => number): void {
  const index = pointer(image, field)
  if (index < 0 || index + 8 > image.length) return
  const value = Number(image.readBigUInt64LE(index))
  content.writeBigUInt64LE(BigInt(moved(value)), moved(index))
}

/** The modification times of basic and extended inodes; inodes of files are followed by lists of blocks. */
function inodeTimes(table: Buffer): readonly Free[] {
  const sizes: Readonly<Record<number, number>> = { 1: 32, 4: 24, 5: 24, 6: 20, 7: 20, 11: 28, 12: 28, 13: 24, 14: 24 }
  const found: Free[] = []
  for (let at = 0; at + 32 <= table.length;) {
    const type = table.readUInt16LE(at)
    found.push(free('time', at + 8, 4))
    const next = sizes[type] ?? inodeSize(table, at, type)
    if (next === undefined) return found
    at += next
  }
  return found
}

function inodeSize(table: Buffer, at: number, type: number): number | undefined {
  const blocksOf = (size: number, fragment: number): number =>
    fragment === 0xffffffff ? Math.ceil(size / 131_072) : Math.floor(size / 131_072)
  if (type === 2) return 32 + 4 * blocksOf(table.readUInt32LE(at + 28), table.readUInt32LE(at + 20))
  if (type === 9) return 56 + 4 * blocksOf(Number(table.readBigUInt64LE(at + 24)), table.readUInt32LE(at + 44))
  if (type === 3) return 24 + table.readUInt32LE(at + 20)
  if (type === 10) return 24 + table.readUInt32LE(at + 20) + 4
  return undefined
}
