// One header of a cpio archive in the newc format, the only one that is read:
// https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import { FormatError, type FormatCode, type Location } from '../../errors.ts'
import type { FileType } from '../../fs/file-tree.ts'

export type CpioHeader = {
  readonly type: FileType | undefined
  /** 0o7777 at most. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly nlink: number
  /** Device and inode: entries with one identity and nlink > 1 are one file. */
  readonly identity: string
  readonly fileSize: number
  /** Bytes of the name and the NUL at its end. */
  readonly nameSize: number
}

export const HEADER_SIZE = 110
const MAGIC_SIZE = 6
const MAGIC = '070701'
const HEXADECIMAL = /^[0-9A-Fa-f]{8}$/
const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['070702', 'crc'],
  ['070707', 'odc'],
]

/** S_IFMT: the bits of st_mode that say the type, as stat(2) has them. */
const TYPE_MASK = 0o170000
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0o140000, 'socket'],
  [0o120000, 'symlink'],
  [0o100000, 'file'],
  [0o060000, 'block'],
  [0o040000, 'directory'],
  [0o020000, 'character'],
  [0o010000, 'fifo'],
])

export function cpioError(where: Location, offset: number, code: FormatCode, message: string): FormatError {
  return new FormatError('cpio', code, message, { at: { ...where, offset } })
}

/** Throws unless `bytes`, the first few of an archive or of an entry, begin with 070701. */
export function assertMagic(bytes: Uint8Array, where: Location, offset: number): void {
  const magic = Buffer.from(bytes.subarray(0, MAGIC_SIZE))
  const text = magic.toString('latin1')
  if (text === MAGIC) return
  const other = OTHER_FORMATS.find(([known]) => known === text)?.[1] ?? (isBinary(magic) ? 'old binary' : undefined)
  if (other !== undefined)
    throw cpioError(where, offset, 'UNSUPPORTED', `expected the newc format, got the ${other} format`)
  if (MAGIC.startsWith(text))
    throw cpioError(where, offset, 'TRUNCATED', `expected a header of ${HEADER_SIZE} bytes, got ${text.length}`)
  throw cpioError(where, offset, 'BAD_MAGIC', `expected magic ${MAGIC}, got 0x${magic.toString('hex')}`)
}

/** The oldest format begins with 0o070707 as a 16-bit number in the order of its machine. */
function isBinary(magic: Buffer): boolean {
  return magic.length >= 2 && (magic.readUInt16LE(0) === 0o070707 || magic.readUInt16BE(0) === 0o070707)
}

/** The header in the 110 bytes at `offset`; FormatError MALFORMED for a field that is not eight hexadecimal digits. */
export function parseHeader(bytes: Uint8Array, where: Location, offset: number): CpioHeader {
  assertMagic(bytes, where, offset)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_SIZE).toString('latin1')
  let at = MAGIC_SIZE
  const field = (what: string): number => {
    const digits = text.slice(at, at + 8)
    if (!HEXADECIMAL.test(digits))
      throw cpioError(
        where,
        offset + at,
        'MALFORMED',
        `expected ${what} in 8 hexadecimal digits, got ${JSON.stringify(digits)}`,
      )
    at += 8
    return Number.parseInt(digits, 16)
  }
  const inode = field('c_ino') // 6, 8
  const mode = field('c_mode') // 14, 8
  const uid = field('c_uid') // 22, 8
  const gid = field('c_gid') // 30, 8
  const nlink = field('c_nlink') // 38, 8
  const mtime = field('c_mtime') // 46, 8: seconds since 1970, unsigned
  const fileSize = field('c_filesize') // 54, 8
  const major = field('c_maj') // 62, 8
  const minor = field('c_min') // 70, 8
  field('c_rmaj') // 78, 8: of a device
  field('c_rmin') // 86, 8
  const nameSize = field('c_namesize') // 94, 8
  field('c_chksum') // 102, 8: 0 in newc
  const type = TYPES.get(mode & TYPE_MASK)
  const identity = `${major}:${minor}:${inode}`
  return { type, mode: mode & 0o7777, uid, gid, mtime, nlink, identity, fileSize, nameSize }
}
