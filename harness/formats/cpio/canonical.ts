// The one way in which upstream's archives are written, field by field: `cpio -o -H newc --reproducible --owner=+0:+0`
// of GNU cpio 2.13 to 2.15 (siderolabs/talos v1.11.5 pkg/imager/extensions/rebuild.go, Dockerfile initramfs-archive).
import type { FileType } from '../../fs/file-tree.ts'
import { HEADER_SIZE, type CpioHeader } from './header.ts'

/** A field of an entry that GNU cpio would write otherwise; `what` names the field, what it must be and what it is. */
export type CpioDeviation = { readonly path: string; readonly offset: number; readonly what: string }

/** An archive by another tool differs in every entry: the first of them say enough. */
export const MAX_DEVIATIONS = 64

/** cpio writes whole blocks of this size. */
export const CPIO_BLOCK_SIZE = 512

/** S_IFMT by type. */
const TYPE_BITS: Readonly<Record<Exclude<FileType, 'hardlink'>, number>> = {
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  character: 0o020000,
  fifo: 0o010000,
}
const MAGIC = '070701'
const FIELDS = [
  'c_ino',
  'c_mode',
  'c_uid',
  'c_gid',
  'c_nlink',
  'c_mtime',
  'c_filesize',
  'c_maj',
  'c_min',
  'c_rmaj',
  'c_rmin',
  'c_namesize',
  'c_chksum',
] as const
const DIGITS = 8
const ZERO = '0'.repeat(DIGITS)

export type StoredHeader = {
  /** Its number among the entries, from 0. */
  readonly index: number
  readonly header: CpioHeader
  readonly name: string
  /** The header, the name and the padding behind it as they are stored. */
  readonly bytes: Uint8Array
}

/**
 * Differences from the header that GNU cpio makes of the same entry: upper-case digits, inodes numbered from 0, owner
 * root, no device, one link of a file, a name without `./`, padding of NUL. Time and a directory's links are free: the
 * file system says them.
 */
export function headerDeviations({ index, header, name, bytes }: StoredHeader): readonly string[] {
  const { type, mode, nlink, mtime, fileSize } = header
  const isTrailer = type === undefined
  const bits = isTrailer ? 0 : TYPE_BITS[type as Exclude<FileType, 'hardlink'>] | mode
  const plainName = isTrailer ? name : plain(name)
  const stored = Buffer.from(`${plainName}\0`)
  const links = type === 'directory' ? nlink : 1
  const inode = hex(index) + hex(bits) + ZERO + ZERO + hex(links) + hex(isTrailer ? 0 : mtime)
  const expected = MAGIC + inode + hex(fileSize) + ZERO + ZERO + ZERO + ZERO + hex(stored.length) + ZERO
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_SIZE).toString('latin1')
  if (text !== expected) return fieldDeviations(expected, text)
  const behind = Buffer.alloc(stored.length + (-(HEADER_SIZE + stored.length) & 3))
  behind.set(stored)
  return behind.equals(bytes.subarray(HEADER_SIZE))
    ? []
    : [`name: expected ${JSON.stringify(plainName)} and NUL, got other bytes`]
}

function fieldDeviations(expected: string, got: string): readonly string[] {
  const fieldOf = (header: string, at: number): string =>
    header.slice(MAGIC.length + at * DIGITS, MAGIC.length + (at + 1) * DIGITS)
  return FIELDS.flatMap((field, at) =>
    fieldOf(got, at) === fieldOf(expected, at)
      ? []
      : [`${field}: expected ${fieldOf(expected, at)}, got ${fieldOf(got, at)}`],
  )
}

function plain(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 ? '.' : parts.join('/')
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(DIGITS, '0')
}
