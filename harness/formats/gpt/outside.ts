// The bytes of a disk that belong to neither table nor partition.
import { skipPadding } from '../../bytes/padding.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { HarnessError } from '../../errors.ts'
import { ENTRY_SIZE, HEADER_SIZE, type Gpt, type PartitionTable } from './gpt.ts'

const MBR_SIZE = 512

type Range = { readonly start: number; readonly end: number }

/**
 * The offset of the first byte from `from` that is not zero, and of which no header, entry in use or partition is; undefined
 * for none.
 */
export async function findByteOutside(source: ByteSource, gpt: Gpt, from = 0): Promise<number | undefined> {
  const { sectorSize, primary, backup } = gpt
  const used: readonly Range[] = [
    { start: 0, end: MBR_SIZE },
    ...[primary, ...(backup instanceof HarnessError ? [] : [backup])].flatMap((table) => rangesOf(table, sectorSize)),
    ...primary.partitions.map(({ firstSector, lastSector }) => ({
      start: firstSector * sectorSize,
      end: (lastSector + 1) * sectorSize,
    })),
    { start: source.size, end: source.size },
  ]
  let at = from
  for (const { start, end } of used.toSorted((a, b) => a.start - b.start)) {
    const gap = Math.min(start, source.size)
    const found = at < gap ? await skipPadding(source, at, gap) : gap
    if (found < gap) return found
    at = Math.max(at, end)
  }
  return undefined
}

function rangesOf({ where, entriesSector, partitions }: PartitionTable, sectorSize: number): readonly Range[] {
  const header = where.offset ?? 0
  const entries = entriesSector * sectorSize
  return [
    { start: header, end: header + HEADER_SIZE },
    ...partitions.map(({ index }) => ({
      start: entries + index * ENTRY_SIZE,
      end: entries + (index + 1) * ENTRY_SIZE,
    })),
  ]
}
