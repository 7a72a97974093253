// Reads a master boot record: the partitions of an ISO, and the one that keeps older tools off a GPT disk.
import { Cursor } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'

const MBR = 'mbr'
const SIZE = 512
const TABLE = 446
const ENTRY_SIZE = 16
const SIGNATURE = 0xaa55

/** Sectors of 512 bytes. */
type MbrPartition = { readonly type: number; readonly firstSector: number; readonly sectors: number }

export type Mbr = {
  /** True if no byte of the program before the table is set. */
  readonly isWithoutCode: boolean
  /** Four entries; undefined where one is all zeros. */
  readonly partitions: readonly (MbrPartition | undefined)[]
}

/** FormatError TRUNCATED, BAD_MAGIC without the signature. */
export async function readMbr(source: ByteSource): Promise<Mbr> {
  const bytes = await source.read(0, SIZE)
  const cursor = new Cursor(bytes, MBR, source.where)
  if (cursor.seek(SIZE - 2).u16le('signature') !== SIGNATURE)
    throw cursor.error('BAD_MAGIC', 'expected the signature 55 AA, got other bytes', SIZE - 2)
  const partitions = [0, 1, 2, 3].map((index): MbrPartition | undefined => {
    const at = TABLE + index * ENTRY_SIZE
    if (bytes.subarray(at, at + ENTRY_SIZE).every((byte) => byte === 0)) return undefined
    cursor.seek(at + 4)
    const type = cursor.u8('type')
    const firstSector = cursor.skip(3).u32le('first sector')
    return { type, firstSector, sectors: cursor.u32le('sectors') }
  })
  return { isWithoutCode: bytes.subarray(0, 440).every((byte) => byte === 0), partitions }
}
