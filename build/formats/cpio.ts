// Writes a cpio archive in the newc format as `cpio -o -H newc --reproducible` of GNU cpio 2.15 does:
// https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import { CHUNK_SIZE } from '#harness/bytes/source.ts'
import { FormatError } from '#harness/errors.ts'
import { chunksOf, sizeOf, type Content } from './content.ts'

export type CpioFile = {
  /** The path as it goes into the archive: GNU cpio writes `.` for the root and no leading `./`. */
  readonly path: string
  /** st_mode: the type (0o100000 file, 0o040000 directory, 0o120000 link …) and the permissions. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Content of a file. */
  readonly data?: Uint8Array
  /** Text of a symbolic link. */
  readonly target?: string
  /** c_nlink; 2 for a directory and 1 for anything else unless given. */
  readonly links?: number
}

/** The same with a content that need not be in memory. */
export type StreamedCpioFile = Omit<CpioFile, 'data'> & { readonly data?: Content }

const MAGIC = '070701'
const TRAILER: CpioFile = { path: 'TRAILER!!!', mode: 0, uid: 0, gid: 0, mtime: 0 }
const TYPE_MASK = 0o170000
const DIRECTORY = 0o040000
/** cpio writes whole blocks of this size. */
const BLOCK_SIZE = 512
const EMPTY = new Uint8Array(0)

/**
 * Inodes are numbered from 0 in the order of the entries, devices are 0. FormatError LIMIT_EXCEEDED for a field beyond
 * 32 bits.
 */
export function encodeCpio(entries: readonly CpioFile[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => {
    const data = dataOf(entry)
    return [encodeHeader(entry, index, data.length), data, padding(data.length)]
  })
  parts.push(encodeHeader(TRAILER, 0, 0))
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat(parts, Math.ceil(size / BLOCK_SIZE) * BLOCK_SIZE) // filled up with NUL
}

/** The bytes of `encodeCpio`, contents streamed; a chunk holds until the next is asked for. */
export async function* cpioChunks(entries: readonly StreamedCpioFile[]): AsyncGenerator<Uint8Array, void, void> {
  let size = 0
  const memory = Buffer.allocUnsafeSlow(CHUNK_SIZE)
  const count = (bytes: Uint8Array): Uint8Array => {
    size += bytes.length
    return bytes
  }
  for (const [index, entry] of entries.entries()) {
    const data = dataOf(entry)
    yield count(encodeHeader(entry, index, sizeOf(data)))
    for await (const chunk of chunksOf(data, memory)) yield count(chunk)
    yield count(padding(sizeOf(data)))
  }
  yield count(encodeHeader(TRAILER, 0, 0))
  yield Buffer.alloc(-size & (BLOCK_SIZE - 1))
}

function dataOf<T>({ target, data }: { readonly target?: string; readonly data?: T }): T | Uint8Array {
  return target === undefined ? (data ?? EMPTY) : Buffer.from(target)
}

/** The header with the name behind it, up to where the content begins. */
function encodeHeader(entry: Omit<CpioFile, 'data'>, inode: number, size: number): Uint8Array {
  const name = Buffer.from(`${entry.path}\0`)
  const fields = [
    inode, // c_ino
    entry.mode, // c_mode
    entry.uid, // c_uid
    entry.gid, // c_gid
    entry.links ?? ((entry.mode & TYPE_MASK) === DIRECTORY ? 2 : 1), // c_nlink
    entry.mtime, // c_mtime
    size, // c_filesize
    0, // c_maj
    0, // c_min
    0, // c_rmaj
    0, // c_rmin
    name.length, // c_namesize, with its NUL
    0, // c_chksum
  ]
  const header = Buffer.from(MAGIC + fields.map((field) => toHex(field, entry.path)).join(''))
  return Buffer.concat([header, name, padding(header.length + name.length)])
}

function toHex(field: number, path: string): string {
  if (!Number.isInteger(field) || field < 0 || field > 0xffffffff)
    throw new FormatError(
      'cpio',
      'LIMIT_EXCEEDED',
      `expected fields of ${JSON.stringify(path)} in 32 bits, got ${field}`,
    )
  return field.toString(16).toUpperCase().padStart(8, '0')
}

/** Names and contents end at multiples of 4. */
function padding(length: number): Uint8Array {
  return Buffer.alloc(-length & 3)
}
