// The chains of clusters that files and directories lie in.
import { makeSource, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type FormatCode, type Location } from '../../errors.ts'
import { FAT, type BootSector } from './boot-sector.ts'

const FIRST_CLUSTER = 2
const ENTRY_MASK = 0x0fff_ffff
const END_OF_CHAIN = 0x0fff_fff8
/** Pieces of one file: mkfs and mtools write one, a file system that was used some hundred. */
const MAX_EXTENTS = 65_536

type Extent = { readonly offset: number; readonly size: number }

/** The first table, held in memory, and what of the volume was followed already. */
export class Chains {
  readonly #volume: ByteSource
  readonly #boot: BootSector
  readonly #table: DataView
  readonly #seen: Uint8Array

  constructor(volume: ByteSource, boot: BootSector, table: Uint8Array) {
    this.#volume = volume
    this.#boot = boot
    this.#table = new DataView(table.buffer, table.byteOffset, table.byteLength)
    this.#seen = new Uint8Array(boot.clusterCount + FIRST_CLUSTER)
  }

  /** Clusters that the table marks as free. */
  get free(): number {
    let free = 0
    for (let cluster = FIRST_CLUSTER; cluster < this.#seen.length; cluster++) if (this.#next(cluster) === 0) free++
    return free
  }

  /** A file of `size` bytes; FormatError MALFORMED for a chain that is shorter, longer, a loop or part of another. */
  file(first: number, size: number, where: Location): ByteSource {
    const { clusterSize } = this.#boot
    const count = Math.ceil(size / clusterSize)
    if (count === 0 && first !== 0) throw fail('MALFORMED', 'expected no cluster of an empty file, got one', where)
    if (count === 0) return this.#volume.slice(0, 0, where)
    return this.#join(this.#follow(first, count, true, where), size, where)
  }

  /** A directory of at most `maxBytes`, whose size only its chain says; errors as of `file`. */
  directory(first: number, maxBytes: number, where: Location): ByteSource {
    const count = Math.ceil(maxBytes / this.#boot.clusterSize)
    const extents = this.#follow(first, count, false, where)
    return this.#join(
      extents,
      extents.reduce((sum, { size }) => sum + size, 0),
      where,
    )
  }

  #next(cluster: number): number {
    return this.#table.getUint32(cluster * 4, true) & ENTRY_MASK
  }

  #follow(first: number, count: number, exact: boolean, where: Location): readonly Extent[] {
    const { clusterSize, dataOffset } = this.#boot
    const extents: Extent[] = []
    let cluster = first
    for (let at = 0; ; at++) {
      if (cluster >= END_OF_CHAIN && at > 0) {
        if (exact && at !== count)
          throw fail('MALFORMED', `expected a chain of ${count} clusters, got its end after ${at}`, where)
        return extents
      }
      if (at === count) throw fail('MALFORMED', `expected a chain of at most ${count} clusters, got more`, where)
      if (cluster < FIRST_CLUSTER || cluster >= this.#seen.length)
        throw fail('MALFORMED', `expected a cluster of the volume, got ${cluster}`, where)
      if (this.#seen[cluster] === 1)
        throw fail('MALFORMED', `expected each cluster in one chain and once, got ${cluster} again`, where)
      this.#seen[cluster] = 1
      const offset = dataOffset + (cluster - FIRST_CLUSTER) * clusterSize
      const last = extents.at(-1)
      if (last !== undefined && last.offset + last.size === offset)
        extents[extents.length - 1] = { offset: last.offset, size: last.size + clusterSize }
      else extents.push({ offset, size: clusterSize })
      if (extents.length > MAX_EXTENTS)
        throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_EXTENTS} pieces, got more`, where)
      cluster = this.#next(cluster)
    }
  }

  #join(extents: readonly Extent[], size: number, where: Location): ByteSource {
    const [only] = extents
    if (extents.length === 1 && only !== undefined) return this.#volume.slice(only.offset, size, where)
    const starts: number[] = []
    let end = 0
    for (const extent of extents) {
      starts.push(end)
      end += extent.size
    }
    const readAt = async (offset: number, length: number): Promise<Uint8Array> => {
      const out = Buffer.allocUnsafe(length)
      for (let done = 0; done < length;) {
        const at = lastAtOrBefore(starts, offset + done)
        const { offset: from = 0, size: extentSize = 0 } = extents[at] ?? {}
        const inside = offset + done - (starts[at] ?? 0)
        const part = Math.min(length - done, extentSize - inside)
        out.set(await this.#volume.read(from + inside, part), done)
        done += part
      }
      return out
    }
    return makeSource(readAt, 0, size, where)
  }
}

/** The index of the last of the ascending `starts` that is not above `value`; a file in 65,536 pieces is read piece by piece. */
function lastAtOrBefore(starts: readonly number[], value: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= value) low = middle
    else high = middle
  }
  return low
}

function fail(code: FormatCode, message: string, at: Location): FormatError {
  return new FormatError(FAT, code, message, { at })
}
