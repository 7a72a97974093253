// Reads a GUID partition table, its backup, and the protective MBR before it:
// https://uefi.org/specs/UEFI/2.10/05_GUID_Partition_Table_Format.html
import { crc32 } from 'node:zlib'
import { Cursor } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { FormatError, HarnessError, type Location } from '../../errors.ts'
import { readMbr, type Mbr } from './mbr.ts'

const GPT = 'gpt'
const MAGIC = 'EFI PART'
const SECTOR_SIZES = [512, 4096] as const
export const HEADER_SIZE = 92
export const ENTRY_SIZE = 128
const MAX_PARTITIONS = 1024

export type Partition = {
  readonly index: number
  readonly name: string
  /** GUIDs in the usual text form, in capitals. */
  readonly type: string
  readonly guid: string
  readonly firstSector: number
  /** The last one, which belongs to it. */
  readonly lastSector: number
  readonly attributes: bigint
}

export type PartitionTable = {
  readonly where: Location
  /** True if the header has the CRC that it names; otherwise nothing in it counts. */
  readonly headerHolds: boolean
  /** The same of the entries. */
  readonly entriesHold: boolean
  readonly ownSector: number
  readonly otherSector: number
  /** The sector at which the entries begin. */
  readonly entriesSector: number
  readonly firstUsable: number
  readonly lastUsable: number
  readonly disk: string
  /** Entries that are in use. */
  readonly partitions: readonly Partition[]
}

export type Gpt = {
  readonly where: Location
  readonly sectorSize: number
  readonly sectors: number
  readonly mbr: Mbr
  readonly primary: PartitionTable
  /** The table at the end of the disk, or the reason that there is none. */
  readonly backup: PartitionTable | HarnessError
}

/** FormatError BAD_MAGIC where no table begins behind the first sector, TRUNCATED, MALFORMED, LIMIT_EXCEEDED. */
export async function readGpt(source: ByteSource): Promise<Gpt> {
  const sectorSize = await findSectorSize(source)
  const sectors = Math.floor(source.size / sectorSize)
  return {
    where: source.where,
    sectorSize,
    sectors,
    mbr: await readMbr(source),
    primary: await readTable(source, sectorSize, 1),
    backup: await readTable(source, sectorSize, sectors - 1).catch((error: unknown) => {
      if (error instanceof HarnessError) return error
      throw error
    }),
  }
}

/** The bytes of a partition; FormatError TRUNCATED where it is not inside the disk. */
export function partitionSource(source: ByteSource, { sectorSize }: Gpt, partition: Partition): ByteSource {
  const { firstSector, lastSector, name } = partition
  const size = Math.max(0, lastSector - firstSector + 1) * sectorSize
  return source.slice(firstSector * sectorSize, size, { path: `${source.where.path ?? ''}!${name}` })
}

async function findSectorSize(source: ByteSource): Promise<number> {
  for (const size of SECTOR_SIZES) {
    if (source.size < size + HEADER_SIZE) break
    if (Buffer.from(await source.read(size, MAGIC.length)).toString('latin1') === MAGIC) return size
  }
  throw new FormatError(GPT, 'BAD_MAGIC', `expected ${MAGIC} at byte 512 or 4096, got other bytes`, {
    at: source.where,
  })
}

async function readTable(source: ByteSource, sectorSize: number, sector: number): Promise<PartitionTable> {
  const offset = sector * sectorSize
  const bytes = Buffer.from(await source.read(offset, HEADER_SIZE))
  const cursor = new Cursor(bytes, GPT, source.where, offset)
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw cursor.error('BAD_MAGIC', `expected ${MAGIC}, got other bytes`, 0)
  cursor.skip(12)
  const headerSize = cursor.u32le('header size')
  const headerCrc = cursor.u32le('header CRC')
  cursor.skip(4)
  const sectorAt = (what: string): number => cursor.count64le(what)
  const [ownSector, otherSector] = [sectorAt('own sector'), sectorAt('other sector')]
  const [firstUsable, lastUsable] = [sectorAt('first usable sector'), sectorAt('last usable sector')]
  const disk = guidOf(cursor.bytes(16))
  const entriesSector = sectorAt('sector of the entries')
  const [count, entrySize, entriesCrc] = [cursor.u32le('entries'), cursor.u32le('entry size'), cursor.u32le('CRC')]
  if (headerSize !== HEADER_SIZE || entrySize !== ENTRY_SIZE)
    throw cursor.error(
      'MALFORMED',
      `expected a header of 92 bytes, entries of 128, got ${headerSize}, ${entrySize}`,
      12,
    )
  if (count > MAX_PARTITIONS)
    throw cursor.error('LIMIT_EXCEEDED', `expected at most ${MAX_PARTITIONS} partitions, got ${count}`, 80)
  const entriesOffset = entriesSector * sectorSize
  const entries = await source.read(entriesOffset, count * ENTRY_SIZE)
  bytes.writeUInt32LE(0, 16)
  return {
    where: { ...source.where, offset },
    headerHolds: crc32(bytes) === headerCrc && ownSector === sector,
    entriesHold: crc32(entries) === entriesCrc,
    ownSector,
    otherSector,
    entriesSector,
    firstUsable,
    lastUsable,
    disk,
    partitions: parseEntries(new Cursor(entries, GPT, source.where, entriesOffset), count),
  }
}

function parseEntries(cursor: Cursor, count: number): readonly Partition[] {
  const partitions: Partition[] = []
  for (let index = 0; index < count; index++) {
    cursor.seek(index * ENTRY_SIZE)
    const type = cursor.bytes(16)
    if (type.every((byte) => byte === 0)) continue
    const guid = guidOf(cursor.bytes(16))
    const [firstSector, lastSector] = [cursor.count64le('first sector'), cursor.count64le('last sector')]
    const attributes = cursor.u64le('attributes')
    const name = Buffer.from(cursor.bytes(72)).toString('utf16le').replace(/\0.*$/su, '')
    partitions.push({ index, name, type: guidOf(type), guid, firstSector, lastSector, attributes })
  }
  return partitions
}

/** The first three groups are little-endian. */
function guidOf(bytes: Uint8Array): string {
  const view = Buffer.from(bytes)
  const hex = (from: number, to: number): string => view.toString('hex', from, to)
  const little = (from: number, to: number): string => Buffer.from(view.subarray(from, to).toReversed()).toString('hex')
  return [little(0, 4), little(4, 6), little(6, 8), hex(8, 10), hex(10, 16)].join('-').toUpperCase()
}
