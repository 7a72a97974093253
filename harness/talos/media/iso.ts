// An ISO of Talos: a tree under two sets of descriptors, and a FAT image behind it, which is what boots.
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { readFat, type FatVolume } from '../../formats/fat/fat.ts'
import { readGpt } from '../../formats/gpt/gpt.ts'
import { readMbr, type Mbr } from '../../formats/gpt/mbr.ts'
import { readIso, type IsoVolume } from '../../formats/iso9660/iso9660.ts'
import { SECTOR } from '../../formats/iso9660/record.ts'
import { lazy } from '../../lazy.ts'

export type IsoImage = {
  readonly where: ByteSource['where']
  readonly mbr: Mbr
  /** The place of the EFI image by the partition table, in bytes. */
  readonly efiOffset: number
  readonly efiSize: number
  /** Errors of readIso. */
  volume(): Promise<IsoVolume>
  /** The same of the second set, whose blocks count from where partition 1 begins, at sector 16. */
  secondVolume(): Promise<IsoVolume>
  /** Errors of readFat; TRUNCATED where the image ends before its EFI partition does. */
  efi(): Promise<FatVolume>
}

const EFI_SYSTEM = 0xef
const PROTECTIVE = 0xee
const EFI_TYPE = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
const MBR_SECTOR = 512
const PARTITION_SECTOR = 16

/** Errors of readMbr and readGpt; FormatError MALFORMED without an EFI partition. */
export async function readIsoImage(source: ByteSource): Promise<IsoImage> {
  const { where, size } = source
  const mbr = await readMbr(source)
  const { offset, size: efiSize } = await findEfi(source, mbr)
  return {
    where,
    mbr,
    efiOffset: offset,
    efiSize,
    volume: lazy(() => readIso(source)),
    secondVolume: lazy(async () => {
      const start = PARTITION_SECTOR * SECTOR
      return readIso(source.slice(start, Math.max(0, size - start), memberLocation(where, 'partition 1')))
    }),
    efi: lazy(async () => readFat(source.slice(offset, efiSize, memberLocation(where, 'EFI image')))),
  }
}

type Extent = { readonly offset: number; readonly size: number }

/** By the MBR, or by the GPT of a hybrid image. */
async function findEfi(source: ByteSource, { partitions }: Mbr): Promise<Extent> {
  const found = partitions.find((one) => one?.type === EFI_SYSTEM)
  if (found !== undefined) return { offset: found.firstSector * MBR_SECTOR, size: found.sectors * MBR_SECTOR }
  if (partitions.some((one) => one?.type === PROTECTIVE)) {
    const { primary, sectorSize } = await readGpt(source)
    const efi = primary.partitions.find(({ type }) => type === EFI_TYPE)
    if (efi !== undefined) {
      const { firstSector, lastSector } = efi
      return { offset: firstSector * sectorSize, size: Math.max(0, lastSector - firstSector + 1) * sectorSize }
    }
  }
  throw new FormatError('iso9660', 'MALFORMED', 'expected an EFI partition, got none', { at: source.where })
}
