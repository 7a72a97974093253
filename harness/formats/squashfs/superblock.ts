// The squashfs 4.0 superblock. https://dr-emann.github.io/squashfs/#superblock, linux fs/squashfs/squashfs_fs.h
import { Cursor } from '../../bytes/cursor.ts'
import type { Location } from '../../errors.ts'

type Compression = 'gzip' | 'lzma' | 'lzo' | 'xz' | 'lz4' | 'zstd'

export type Superblock = {
  /** `4.0`, the only one there is. */
  readonly version: string
  readonly compression: Compression
  /** Bytes of a full data block: a power of two, 4 KiB to 1 MiB. */
  readonly blockSize: number
  /** Binary logarithm of `blockSize`. */
  readonly blockLog: number
  readonly inodeCount: number
  readonly fragmentCount: number
  readonly idCount: number
  /** Bytes of the file system without the padding behind it. */
  readonly bytesUsed: number
  /** The flag word as stored: 0x80 exportable, 0x200 no extended attributes, 0x400 compressor options follow, … */
  readonly flags: number
  /** Seconds since 1970. */
  readonly modificationTime: number
  /** Reference of the root's inode: block position in the inode table << 16 | offset in the decoded block. */
  readonly rootInode: bigint
  readonly inodeTable: number
  readonly directoryTable: number
  /** The offset of the pointers to the blocks of a table; undefined where the table is absent. */
  readonly idIndex: number | undefined
  readonly fragmentIndex: number | undefined
  readonly exportIndex: number | undefined
  readonly xattrIndex: number | undefined
}

export const FORMAT = 'squashfs'
export const SUPERBLOCK_SIZE = 96
/** `hsqs`; big-endian images (`sqsh`) ended with version 3. */
const MAGIC = 0x73717368
const MIN_BLOCK_LOG = 12
const MAX_BLOCK_LOG = 20
const COMPRESSIONS: readonly (Compression | undefined)[] = [undefined, 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd']
/** The position of a table that is not there. */
const ABSENT = 0xffff_ffff_ffff_ffffn

/**
 * The superblock at the start of `bytes`. TRUNCATED below 96 bytes; BAD_MAGIC; UNSUPPORTED for another version or an
 * unknown compressor; MALFORMED for a wrong block size; TRUNCATED where the image is shorter than it says.
 */
export function parseSuperblock(bytes: Uint8Array, imageSize: number, where: Location): Superblock {
  const cursor = new Cursor(bytes, FORMAT, where)
  const magic = cursor.u32le('magic') // 0, 4
  if (magic !== MAGIC)
    throw cursor.error('BAD_MAGIC', `magic, expected 0x${MAGIC.toString(16)}, got 0x${magic.toString(16)}`, 0)
  const inodeCount = cursor.u32le('inode count') // 4, 4
  const modificationTime = cursor.u32le('modification time') // 8, 4
  const blockSize = cursor.u32le('block size') // 12, 4
  const fragmentCount = cursor.u32le('fragment count') // 16, 4
  const compressor = cursor.u16le('compressor') // 20, 2
  const blockLog = cursor.u16le('block log') // 22, 2
  const flags = cursor.u16le('flags') // 24, 2
  const idCount = cursor.u16le('id count') // 26, 2
  const version = `${cursor.u16le('major version')}.${cursor.u16le('minor version')}` // 28, 2 and 30, 2
  if (version !== '4.0') throw cursor.error('UNSUPPORTED', `version, expected 4.0, got ${version}`, 28)
  const compression = COMPRESSIONS[compressor]
  if (compression === undefined)
    throw cursor.error('UNSUPPORTED', `compressor, expected an id from 1 to 6, got ${compressor}`, 20)
  if (blockLog < MIN_BLOCK_LOG || blockLog > MAX_BLOCK_LOG || blockSize !== 2 ** blockLog)
    throw cursor.error(
      'MALFORMED',
      `block size, expected a power of two from 4 KiB to 1 MiB with its logarithm, got ${blockSize} and ${blockLog}`,
      12,
    )
  const rootInode = cursor.u64le('root inode') // 32, 8
  const bytesUsed = cursor.count64le('bytes used') // 40, 8
  if (bytesUsed > imageSize)
    throw cursor.error('TRUNCATED', `image, expected ${bytesUsed} bytes, got ${imageSize}`, imageSize)
  const position = (what: string): number | undefined => {
    const offset = cursor.position
    const value = cursor.u64le(what)
    if (value === ABSENT) return undefined
    if (value < SUPERBLOCK_SIZE || value > bytesUsed)
      throw cursor.error('MALFORMED', `${what}, expected an offset from 96 to ${bytesUsed}, got ${value}`, offset)
    return Number(value)
  }
  const idIndex = position('id table') // 48, 8
  const xattrIndex = position('xattr table') // 56, 8
  const inodeTable = position('inode table') // 64, 8
  const directoryTable = position('directory table') // 72, 8
  const fragmentIndex = position('fragment table') // 80, 8
  const exportIndex = position('export table') // 88, 8
  if (inodeTable === undefined || directoryTable === undefined || inodeTable >= directoryTable)
    throw cursor.error(
      'MALFORMED',
      `inode table, expected before the directory table, got ${inodeTable} and ${directoryTable}`,
      64,
    )
  return {
    version,
    compression,
    blockSize,
    blockLog,
    inodeCount,
    fragmentCount,
    idCount,
    bytesUsed,
    flags,
    modificationTime,
    rootInode,
    inodeTable,
    directoryTable,
    idIndex,
    fragmentIndex,
    exportIndex,
    xattrIndex,
  }
}
