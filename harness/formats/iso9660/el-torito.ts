// The El Torito catalogue: what firmware may boot from an ISO.
import { Cursor } from '../../bytes/cursor.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { ISO, SECTOR } from './record.ts'

const ENTRY = 32
const BOOTABLE = 0x88
const SECTION = 0x90
const LAST_SECTION = 0x91

export type BootEntry = {
  /** 0 is a PC's BIOS, 0xef UEFI. */
  readonly platform: number
  readonly isBootable: boolean
  /** 0 is none. */
  readonly emulation: number
  /** The place of the program, in sectors of 2048 bytes. */
  readonly sector: number
}

/** Entries of the catalogue, which is one sector. FormatError BAD_MAGIC, TRUNCATED. */
export async function bootEntries(source: ByteSource, catalogue: number): Promise<readonly BootEntry[]> {
  const bytes = await source.read(catalogue * SECTOR, SECTOR)
  const cursor = new Cursor(bytes, ISO, source.where, catalogue * SECTOR)
  const header = cursor.u8('header')
  let platform = cursor.u8('platform')
  if (header !== 1 || cursor.seek(30).u16le('key') !== 0xaa55)
    throw cursor.error('BAD_MAGIC', 'expected a validation entry, got other bytes', 0)
  const entries: BootEntry[] = []
  let left = 1
  for (let at = ENTRY; at + ENTRY <= SECTOR; at += ENTRY) {
    cursor.seek(at)
    const kind = cursor.u8('kind')
    if (left === 0) {
      if (kind !== SECTION && kind !== LAST_SECTION) break
      platform = cursor.u8('platform')
      left = cursor.u16le('entries')
      continue
    }
    left--
    const emulation = cursor.u8('emulation') & 0x0f
    entries.push({ platform, isBootable: kind === BOOTABLE, emulation, sector: cursor.seek(at + 8).u32le('sector') })
  }
  return entries
}
