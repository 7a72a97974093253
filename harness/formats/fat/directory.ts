// The entries of a FAT directory: short names with the case bits of Windows NT, and long names before them.
import { Cursor } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { FAT } from './boot-sector.ts'

export type DirectoryEntry = {
  readonly name: string
  /** The name of eight and three characters, as it is without a long one: firmware finds the entry by it as well. */
  readonly shortName: string
  readonly isDirectory: boolean
  readonly cluster: number
  readonly size: number
  /** Seconds since 1970, the stored local time taken as UTC. */
  readonly mtime: number
}

export type Directory = { readonly entries: readonly DirectoryEntry[]; readonly label?: string }

/** The most that a directory may have: 65 536 entries. */
export const MAX_DIRECTORY_BYTES = 1 << 21
const ENTRY_SIZE = 32
const DELETED = 0xe5
const LONG_NAME = 0x0f
const VOLUME_LABEL = 0x08
const DIRECTORY = 0x10
const LOWER_BASE = 0x08
const LOWER_EXTENSION = 0x10
const LAST_LONG = 0x40
/** Offsets of the 13 characters of an entry of a long name. */
const CHARACTERS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
const MAX_LONG_ENTRIES = 20

/** The long name as it is collected: from its last entry down to its first. */
type LongName = { readonly text: string; readonly next: number; readonly checksum: number }

/** `.` and `..` are left out. FormatError MALFORMED for a long name that does not belong to the entry behind it. */
export async function readDirectory(source: ByteSource): Promise<Directory> {
  const bytes = await source.read(0, source.size)
  const cursor = new Cursor(bytes, FAT, source.where)
  const entries: DirectoryEntry[] = []
  let label: string | undefined
  let long: LongName | undefined
  for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    const entry = bytes.subarray(at, at + ENTRY_SIZE)
    const [first = 0] = entry
    const attributes = entry[11] ?? 0
    if (first === 0) break
    if (first === DELETED) continue
    if (attributes === LONG_NAME) {
      long = nextLongName(entry, long, cursor, at)
      continue
    }
    if (long !== undefined && (long.next !== 0 || long.checksum !== checksumOf(entry)))
      throw cursor.error('MALFORMED', 'expected a long name of the entry behind it, got one of another', at)
    const short = shortName(entry)
    const name = long?.text ?? short
    long = undefined
    if ((attributes & VOLUME_LABEL) !== 0) {
      label = Buffer.from(entry.subarray(0, 11)).toString('latin1').trimEnd()
      continue
    }
    if (name === '.' || name === '..') continue
    if (name === '' || /[/\0]/.test(name))
      throw cursor.error('MALFORMED', `expected a file name, got ${JSON.stringify(name)}`, at)
    cursor.seek(at + 20)
    const high = cursor.u16le()
    const [time, date, low] = [cursor.u16le(), cursor.u16le(), cursor.u16le()]
    entries.push({
      name,
      shortName: short,
      isDirectory: (attributes & DIRECTORY) !== 0,
      cluster: high * 0x1_0000 + low,
      size: cursor.u32le(),
      mtime: secondsOf(date, time),
    })
  }
  if (long !== undefined) throw cursor.error('MALFORMED', 'expected an entry behind a long name, got the end')
  return { entries, ...(label !== undefined && { label }) }
}

function nextLongName(entry: Uint8Array, before: LongName | undefined, cursor: Cursor, at: number): LongName {
  const order = entry[0] ?? 0
  const checksum = entry[13] ?? 0
  const isLast = (order & LAST_LONG) !== 0
  const number = order & ~LAST_LONG
  const expected = isLast ? number : before?.next
  if (number === 0 || number > MAX_LONG_ENTRIES || number !== expected || (!isLast && checksum !== before?.checksum))
    throw cursor.error('MALFORMED', `expected the entries of a long name in order, got number ${number}`, at)
  const view = Buffer.from(entry)
  const units = CHARACTERS.map((offset) => view.readUInt16LE(offset))
  const end = units.indexOf(0)
  const text = String.fromCharCode(...(end < 0 ? units : units.slice(0, end)))
  return { text: text + (isLast ? '' : (before?.text ?? '')), next: number - 1, checksum }
}

function shortName(entry: Uint8Array): string {
  const text = Buffer.from(entry.subarray(0, 11)).toString('latin1')
  const flags = entry[12] ?? 0
  const lower = (part: string, flag: number): string => ((flags & flag) === 0 ? part : part.toLowerCase())
  const base = lower(text.slice(0, 8).trimEnd(), LOWER_BASE)
  const extension = lower(text.slice(8).trimEnd(), LOWER_EXTENSION)
  return extension === '' ? base : `${base}.${extension}`
}

function checksumOf(entry: Uint8Array): number {
  let sum = 0
  for (const byte of entry.subarray(0, 11)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff
  return sum
}

function secondsOf(date: number, time: number): number {
  const milliseconds = Date.UTC(
    1980 + (date >> 9),
    ((date >> 5) & 15) - 1,
    date & 31,
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  )
  return Math.floor(milliseconds / 1000)
}
