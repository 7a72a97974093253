// A directory record of ISO 9660, and its name by Rock Ridge.
import type { Cursor } from '../../bytes/cursor.ts'
import { Cursor as Bytes } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'

export const ISO = 'iso9660'
export const SECTOR = 2048
const HEADER = 33
const DIRECTORY = 0x02
const MULTI_EXTENT = 0x80
/** Continuation areas of one record: xorriso writes one. */
const MAX_CONTINUATIONS = 4
const CONTINUES = 0x01

export type Extent = { readonly sector: number; readonly size: number }

export type DirectoryRecord = Extent & {
  /** The plain name, which is mangled; NUL for the directory itself, 1 for the one above. */
  readonly name: string
  readonly isDirectory: boolean
  /** Seconds since 1970. */
  readonly mtime: number
  /** The name by Rock Ridge, or the plain one without its version. */
  readName(source: ByteSource): Promise<string>
}

/** FormatError TRUNCATED, MALFORMED for a file in several extents. */
export function parseRecord(cursor: Cursor): DirectoryRecord {
  cursor.seek(2)
  const sector = cursor.u32le('sector')
  const size = cursor.skip(4).u32le('size')
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = cursor.skip(4).bytes(7, 'time')
  const flags = cursor.u8('flags')
  if ((flags & MULTI_EXTENT) !== 0) throw cursor.error('MALFORMED', 'expected a file in one piece, got several', 25)
  const length = cursor.skip(6).u8('name length')
  const name = Buffer.from(cursor.bytes(length, 'name')).toString('latin1')
  const area = HEADER + length + (length % 2 === 0 ? 1 : 0)
  const use =
    cursor.remaining > 0 && area <= cursor.position + cursor.remaining
      ? cursor.seek(area).bytes(cursor.remaining)
      : new Uint8Array(0)
  return {
    sector,
    size,
    name,
    isDirectory: (flags & DIRECTORY) !== 0,
    mtime: Date.UTC(1900 + year, month - 1, day, hour, minute, second) / 1000,
    readName: async (source) => (await rockRidgeName(source, use)) ?? name.replace(/;\d+$/, '').replace(/\.$/, ''),
  }
}

async function rockRidgeName(source: ByteSource, first: Uint8Array): Promise<string | undefined> {
  let name: string | undefined
  let area: Uint8Array | undefined = first
  for (let count = 0; area !== undefined; count++) {
    const cursor: Cursor = new Bytes(area, ISO, source.where)
    if (count > MAX_CONTINUATIONS)
      throw cursor.error('LIMIT_EXCEEDED', `expected at most ${MAX_CONTINUATIONS} continuations of a record, got more`)
    area = undefined
    while (cursor.remaining >= 4) {
      const signature = Buffer.from(cursor.bytes(2)).toString('latin1')
      const length = cursor.u8('length')
      if (length < 4 || signature === 'ST') break
      const entry: Cursor = new Bytes(cursor.skip(1).bytes(length - 4, signature), ISO, source.where)
      if (signature === 'NM') {
        const flags = entry.u8('flags')
        name = (name ?? '') + Buffer.from(entry.bytes(entry.remaining)).toString('utf8')
        if ((flags & CONTINUES) === 0) return name
      }
      if (signature === 'CE') {
        const sector = entry.u32le('continuation')
        const offset = entry.skip(4).u32le('offset')
        const size = entry.skip(4).u32le('length')
        if (size > SECTOR) throw entry.error('LIMIT_EXCEEDED', `expected at most ${SECTOR} bytes, got ${size}`)
        area = await source.read(sector * SECTOR + offset, size)
      }
    }
  }
  return name
}
