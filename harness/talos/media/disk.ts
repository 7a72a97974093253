// A raw disk of Talos: a GPT with the partitions EFI and META; the node makes the others.
import type { ByteSource } from '../../bytes/source.ts'
import { NotFoundError } from '../../errors.ts'
import { readFat, type FatVolume } from '../../formats/fat/fat.ts'
import { partitionSource, readGpt, type Gpt } from '../../formats/gpt/gpt.ts'
import { findByteOutside } from '../../formats/gpt/outside.ts'
import { lazy } from '../../lazy.ts'
import { readMeta, type Meta } from './meta.ts'

export type RawDisk = {
  readonly gpt: Gpt
  /** Errors of readFat; NotFoundError where there is no partition of the name. */
  efi(): Promise<FatVolume>
  /** Errors of readMeta; NotFoundError. */
  meta(): Promise<Meta>
  /** The first byte from `from` that is not zero and is neither in a table nor in a partition; undefined for none. */
  byteOutside(from: number): Promise<number | undefined>
}

/** Errors of readGpt. */
export async function readDisk(source: ByteSource): Promise<RawDisk> {
  const gpt = await readGpt(source)
  const partition = (name: string): ByteSource => {
    const found = gpt.primary.partitions.find((one) => one.name === name)
    if (found !== undefined) return partitionSource(source, gpt, found)
    throw new NotFoundError('BLOB_UNKNOWN', `expected a partition ${name}, got none`, { at: gpt.primary.where })
  }
  return {
    gpt,
    efi: lazy(async () => readFat(partition('EFI'))),
    meta: lazy(async () => readMeta(partition('META'))),
    byteOutside: async (from) => findByteOutside(source, gpt, from),
  }
}
