// Extended attributes: an id table of (reference, count, size) and a table of keys and values.
// https://dr-emann.github.io/squashfs/#_xattr_table, linux fs/squashfs/{xattr,xattr_id}.c
import { Cursor } from '../../bytes/cursor.ts'
import { decodeName } from '../../fs/file-tree.ts'
import { imageError, readInside, type Image } from './image.ts'
import {
  locateReference,
  readFirstPointer,
  readLookupTable,
  readMetadataTable,
  tableCursor,
  type MetadataTable,
} from './metadata.ts'
import { FORMAT } from './superblock.ts'

export type XattrHeader = { readonly tableStart: number; readonly idCount: number }
export type Xattrs = ReadonlyMap<string, Uint8Array>

const ID_HEADER_SIZE = 16
const ID_SIZE = 16
/** Namespaces by their number. */
export const XATTR_PREFIXES: readonly (string | undefined)[] = ['user.', 'trusted.', 'security.']
/** The value is a reference to where the value is. */
const OUT_OF_LINE = 0x100
/** XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux. */
const MAX_NAME = 255
const MAX_VALUE = 65_536
/** The most names that listxattr can return (XATTR_LIST_MAX, 64 KiB). */
const MAX_COUNT = 8192
/** Many sets may name one value; all sets together are as bounded as the table itself. */
const MAX_TOTAL = 1 << 24

/** The start of the id table, or a count of 0 where the image has none. Stored as it is, so any compressor will do. */
export async function readXattrHeader(image: Image): Promise<XattrHeader> {
  const index = image.superblock.xattrIndex
  if (index === undefined) return { tableStart: 0, idCount: 0 }
  const cursor = new Cursor(
    await readInside(image, 'xattr id table', index, ID_HEADER_SIZE),
    FORMAT,
    image.source.where,
    index,
  )
  const tableStart = cursor.count64le('xattr table') // 0, 8
  return { tableStart, idCount: cursor.u32le('xattr id count') } // 8, 4; then 4 unused bytes and the pointers
}

/** A function from an inode's xattr index to its attributes by full name; each set is parsed once. */
export async function readXattrs(image: Image, { tableStart, idCount }: XattrHeader): Promise<(id: number) => Xattrs> {
  const index = image.superblock.xattrIndex
  const pointers = index === undefined ? undefined : index + ID_HEADER_SIZE
  const ids = await readLookupTable(image, 'xattr ids', pointers, idCount, ID_SIZE)
  const table =
    idCount === 0 || pointers === undefined
      ? ids
      : await readMetadataTable(image, 'xattrs', tableStart, await readFirstPointer(image, 'xattr ids', pointers))
  const known = new Map<number, Xattrs>()
  let total = 0
  return (id) => {
    const before = known.get(id)
    if (before !== undefined) return before
    if (id >= idCount)
      throw imageError(image, 'MALFORMED', `xattr index, expected below ${idCount}, got ${id}`, index ?? 0)
    const cursor = tableCursor(ids, id * ID_SIZE)
    const reference = cursor.u64le('xattr reference') // 0, 8
    const count = cursor.u32le('xattr count') // 8, 4; then the size that listxattr needs, 12, 4
    if (count > MAX_COUNT)
      throw cursor.error('LIMIT_EXCEEDED', `xattr count, expected at most ${MAX_COUNT}, got ${count}`)
    const set = parseXattrs(table, reference, count)
    known.set(id, set)
    for (const [name, value] of set) total += name.length + value.length
    if (total > MAX_TOTAL) throw cursor.error('LIMIT_EXCEEDED', `xattrs, expected at most ${MAX_TOTAL} bytes, got more`)
    return set
  }
}

function parseXattrs(table: MetadataTable, reference: bigint, count: number): Xattrs {
  const set = new Map<string, Uint8Array>()
  if (count === 0) return set
  const cursor = tableCursor(table, locateReference(table, 'xattr reference', reference))
  for (let pair = 0; pair < count; pair++) {
    const type = cursor.u16le('xattr type') // 0, 2
    const length = cursor.u16le('xattr name size') // 2, 2
    const prefix = XATTR_PREFIXES[type & ~OUT_OF_LINE]
    if (prefix === undefined || length > MAX_NAME)
      throw cursor.error(
        'MALFORMED',
        `xattr, expected type 0 to 2 and at most ${MAX_NAME} bytes, got ${type} and ${length}`,
      )
    const name = prefix + decodeName(cursor.bytes(length, 'xattr name')) // 4, length
    const value = parseValue(cursor) // then u32 size, value
    if (set.has(name)) throw cursor.error('MALFORMED', `xattr name, expected once, got ${name} twice`)
    set.set(name, (type & OUT_OF_LINE) === 0 ? value : parseRemoteValue(table, cursor, value))
  }
  return set
}

function parseValue(cursor: Cursor): Uint8Array {
  const size = cursor.u32le('xattr value size')
  if (size > MAX_VALUE)
    throw cursor.error('LIMIT_EXCEEDED', `xattr value, expected at most ${MAX_VALUE} bytes, got ${size}`)
  return cursor.bytes(size, 'xattr value')
}

/** The reference, u64, in place of the value: that of the same value elsewhere in the table. */
function parseRemoteValue(table: MetadataTable, cursor: Cursor, stored: Uint8Array): Uint8Array {
  if (stored.length !== 8)
    throw cursor.error('MALFORMED', `xattr out of line, expected a reference of 8 bytes, got ${stored.length}`)
  const reference = new Cursor(stored, FORMAT, table.where).u64le('xattr value reference')
  return parseValue(tableCursor(table, locateReference(table, 'xattr value', reference)))
}
