// The boot sector of a FAT32 volume: Microsoft's "FAT: General Overview of On-Disk Format" 1.03, and
// https://uefi.org/specs/UEFI/2.10/13_Protocols_Media_Access.html#file-system-format
import { Cursor } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'

export const FAT = 'fat'
const BOOT_SECTOR_SIZE = 512
const SIGNATURE = 0xaa55
/** Limit for one copy of the table: that of a volume of 32 GiB with clusters of 4 KiB; imager's has 2 MiB. */
const MAX_TABLE_BYTES = 32 << 20
const MAX_SECTOR = 4096
const MAX_SECTORS_PER_CLUSTER = 128

/** Offsets and sizes in bytes from the start of the volume. */
export type BootSector = {
  readonly sectorSize: number
  readonly clusterSize: number
  /** Clusters are numbered from 2 to `clusterCount + 1`. */
  readonly clusterCount: number
  /** The whole volume. */
  readonly size: number
  readonly tableOffset: number
  readonly tableSize: number
  readonly tables: number
  readonly dataOffset: number
  readonly rootCluster: number
  /** The offset of the second boot sector; undefined where the volume has none. */
  readonly backupOffset?: number
  readonly hiddenSectors: number
  readonly serial: number
}

/**
 * The boot sector at the start of `source`. FormatError BAD_MAGIC, TRUNCATED (a volume beyond the end of `source`),
 * MALFORMED (sizes that contradict each other, FAT12 and FAT16), LIMIT_EXCEEDED.
 */
export async function readBootSector(source: ByteSource): Promise<BootSector> {
  const bytes = await source.read(0, Math.min(BOOT_SECTOR_SIZE, source.size))
  const cursor = new Cursor(bytes, FAT, source.where)
  if (cursor.seek(BOOT_SECTOR_SIZE - 2).u16le('signature') !== SIGNATURE)
    throw cursor.error('BAD_MAGIC', 'expected the signature 55 AA of a boot sector, got other bytes', 510)
  cursor.seek(11)
  const sectorSize = cursor.u16le('sector size')
  const sectorsPerCluster = bytes[13] ?? 0
  const reserved = cursor.skip(1).u16le('reserved sectors')
  const tables = cursor.u8('tables')
  const rootEntries = cursor.u16le('root entries')
  const total16 = cursor.u16le('sectors')
  const tableSize16 = cursor.skip(1).u16le('table size')
  const hiddenSectors = cursor.seek(28).u32le('hidden sectors')
  const total = total16 === 0 ? cursor.u32le('sectors') : total16
  const tableSectors = cursor.seek(36).u32le('table size')
  const rootCluster = cursor.seek(44).u32le('root cluster')
  const backup = cursor.seek(50).u16le('backup boot sector')
  const serial = cursor.seek(67).u32le('serial')
  if (!isPowerOfTwo(sectorSize) || sectorSize < BOOT_SECTOR_SIZE || sectorSize > MAX_SECTOR)
    throw cursor.error('MALFORMED', `expected sectors of 512 to ${MAX_SECTOR} bytes, got ${sectorSize}`, 11)
  if (!isPowerOfTwo(sectorsPerCluster) || sectorsPerCluster > MAX_SECTORS_PER_CLUSTER)
    throw cursor.error('MALFORMED', `expected a power of two of sectors in a cluster, got ${sectorsPerCluster}`, 13)
  if (tableSize16 !== 0 || rootEntries !== 0)
    throw cursor.error('MALFORMED', 'expected FAT32, got a volume with a root directory of fixed size', 17)
  if (reserved === 0 || tables === 0 || tables > 2)
    throw cursor.error('MALFORMED', `expected one or two tables behind a boot sector, got ${tables}`, 14)
  const tableSize = tableSectors * sectorSize
  if (tableSize > MAX_TABLE_BYTES)
    throw cursor.error('LIMIT_EXCEEDED', `expected a table of at most ${MAX_TABLE_BYTES} bytes, got ${tableSize}`, 36)
  const dataSector = reserved + tables * tableSectors
  const clusterCount = Math.floor((total - dataSector) / sectorsPerCluster)
  if (clusterCount < 1 || (clusterCount + 2) * 4 > tableSize)
    throw cursor.error('MALFORMED', `expected clusters that the table has entries for, got ${clusterCount}`, 32)
  const size = total * sectorSize
  if (size > source.size)
    throw cursor.error('TRUNCATED', `expected a volume of ${size} bytes, got ${source.size}`, bytes.length)
  return {
    sectorSize,
    clusterSize: sectorsPerCluster * sectorSize,
    clusterCount,
    size,
    tableOffset: reserved * sectorSize,
    tableSize,
    tables,
    dataOffset: dataSector * sectorSize,
    rootCluster,
    ...(backup !== 0 && backup < reserved && { backupOffset: backup * sectorSize }),
    hiddenSectors,
    serial,
  }
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}
