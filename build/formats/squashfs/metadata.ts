// Metadata: chunks of 8 KiB, each behind a 16-bit header, and the tables that are found through an index of them.
// https://docs.kernel.org/filesystems/squashfs.html (3.2–3.7); fs/squashfs/squashfs_fs.h
import type { Compressor } from './compressor.ts'

const METADATA_SIZE = 8192
/** Bit 15 of a header: the chunk is stored, not compressed. */
const STORED = 0x8000

/** `block` counts bytes on disk from the start of the table, `offset` bytes inside the chunk. */
export type MetadataPosition = { readonly block: number; readonly offset: number }

/** Collects metadata; a chunk is compressed as soon as it is full, so that positions are final at once. */
export class MetadataWriter {
  readonly #compressor: Compressor
  readonly #chunk = Buffer.alloc(METADATA_SIZE)
  readonly #written: Uint8Array[] = []
  readonly #starts: number[] = []
  #filled = 0
  #size = 0

  constructor(compressor: Compressor) {
    this.#compressor = compressor
  }

  /** The position of the next byte. */
  get position(): MetadataPosition {
    return { block: this.#size, offset: this.#filled }
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + METADATA_SIZE - this.#filled)
      this.#chunk.set(part, this.#filled)
      this.#filled += part.length
      done += part.length
      if (this.#filled === METADATA_SIZE) await this.#flush()
    }
  }

  /** The whole table, and where each of its chunks starts. */
  async finish(): Promise<{ readonly bytes: Buffer; readonly starts: readonly number[] }> {
    if (this.#filled > 0) await this.#flush()
    return { bytes: Buffer.concat(this.#written), starts: this.#starts }
  }

  async #flush(): Promise<void> {
    const { bytes, stored } = await this.#compressor.compress(this.#chunk.subarray(0, this.#filled))
    const header = Buffer.alloc(2)
    header.writeUInt16LE(bytes.length | (stored ? STORED : 0)) // 0 u16 size on disk and STORED
    this.#starts.push(this.#size)
    this.#written.push(header, Uint8Array.from(bytes))
    this.#size += 2 + bytes.length
    this.#filled = 0
  }
}

/** A reference to a place in a metadata table, 48 bits. */
export function toReference({ block, offset }: MetadataPosition): number {
  return block * 0x1_0000 + offset
}

/** Absolute positions of chunks, one u64 each: the index of a table that is at `base`. */
export function encodeIndex(starts: readonly number[], base: number): Buffer {
  const index = Buffer.alloc(starts.length * 8)
  for (const [at, start] of starts.entries()) index.writeBigUInt64LE(BigInt(base + start), at * 8)
  return index
}

/** A table and, right behind it, its index; `start` is where the index is, which is what the superblock names. */
export async function encodeTable(
  entries: Uint8Array,
  base: number,
  compressor: Compressor,
): Promise<{ readonly bytes: Buffer; readonly start: number }> {
  const writer = new MetadataWriter(compressor)
  await writer.append(entries)
  const { bytes, starts } = await writer.finish()
  return { bytes: Buffer.concat([bytes, encodeIndex(starts, base)]), start: base + bytes.length }
}
