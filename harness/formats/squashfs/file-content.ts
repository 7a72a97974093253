// Decodes a regular file's blocks as they are asked for: full blocks, sparse blocks and a tail in a fragment.
import { CHUNK_SIZE, freeBuffer } from '../../bytes/source.ts'
import {
  assertBlockSize,
  decodeBlock,
  decodeBlocks,
  parseBlockSize,
  placeBlock,
  readBlock,
  type BlockCache,
  type BlockPlace,
} from './blocks.ts'
import type { ReadFragment } from './fragments.ts'
import { CONCURRENCY, forEachLimited, type Image } from './image.ts'
import type { FileInode } from './inodes.ts'

export type FileReader = {
  readonly image: Image
  readonly readFragment: ReadFragment
  /** Keeps the blocks of small reads, which often come in a row: header, then section table, then sections. */
  readonly cache: BlockCache
}
/** Encoded bytes of so few blocks that memory for them is not kept. */
const SMALL_READ = 1 << 16
type LoadBlock = (place: BlockPlace, what: string) => Promise<Uint8Array>

export class FileContent {
  readonly #reader: FileReader
  readonly #inode: FileInode
  #positions: Float64Array | undefined

  constructor(reader: FileReader, inode: FileInode) {
    this.#reader = reader
    this.#inode = inode
  }

  /** The bytes of a range inside the file, through the cache. */
  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const { image, cache } = this.#reader
    const out = new Uint8Array(length)
    await this.#fill(out, offset, (place, what) =>
      cache(`${place.position}:${place.size}`, () => readBlock(image, what, place)),
    )
    return out
  }

  /** The same in chunks, each block decoded once, ahead of who reads; `passing` where each is let go before the next. */
  async *stream(start: number, end: number, passing: boolean): AsyncGenerator<Uint8Array, void, void> {
    const groupsAhead = Math.max(2, (CONCURRENCY * this.#reader.image.superblock.blockSize) / CHUNK_SIZE)
    const pending: Promise<Uint8Array>[] = []
    /** Memory for encoded groups, by turns. */
    const memory: Uint8Array[] = []
    for (let at = start; at < end || pending.length > 0;) {
      while (at < end && pending.length < groupsAhead) {
        // Groups end where a multiple of CHUNK_SIZE does: no block belongs to two of them.
        const next = Math.min(end, (Math.floor(at / CHUNK_SIZE) + 1) * CHUNK_SIZE)
        const group = this.#readGroup(at, next, memory)
        group.catch(() => undefined) // seen when its turn comes; who stops early never sees it
        pending.push(group)
        at = next
      }
      const chunk = await (pending.shift() as Promise<Uint8Array>)
      yield chunk
      if (passing) freeBuffer(chunk)
    }
    memory.forEach(freeBuffer)
  }

  /**
   * Reads at most CHUNK_SIZE bytes: their blocks are side by side in the image and are read at once. `memory` gives room for
   * the encoded bytes, and gets it back.
   */
  async #readGroup(start: number, end: number, memory: Uint8Array[]): Promise<Uint8Array> {
    const { image } = this.#reader
    const { blockSize } = image.superblock
    const first = Math.floor(start / blockSize)
    const last = Math.min(Math.ceil(end / blockSize), this.#inode.blockList.length / 4) - 1
    const places = Array.from({ length: Math.max(0, last + 1 - first) }, (_, step) => this.#place(first + step))
    const base = places[0]?.position ?? 0
    const length = places.reduce((sum, { size }) => sum + size, 0)
    // What is small may be a fact; memory for it is small as well.
    if (length <= SMALL_READ) return this.#decode(places, await image.source.read(base, length), start, end)
    const room = memory.pop() ?? Buffer.allocUnsafeSlow(CHUNK_SIZE)
    try {
      const [encoded = room] = await Array.fromAsync(image.source.stream(base, base + length, room))
      return await this.#decode(places, encoded, start, end)
    } finally {
      memory.push(room)
    }
  }

  async #decode(places: readonly BlockPlace[], encoded: Uint8Array, start: number, end: number): Promise<Uint8Array> {
    const whole = await this.#decodeGroup(places, encoded, start, end)
    return whole ?? (await this.#fillGroup(places, encoded, start, end))
  }

  /** All blocks at once, where they are all that is wanted; undefined where each has to be looked at by itself. */
  async #decodeGroup(places: readonly BlockPlace[], encoded: Uint8Array, start: number, end: number) {
    const { blockSize } = this.#reader.image.superblock
    const isWhole = start % blockSize === 0 && (end % blockSize === 0 || end === this.#inode.size)
    if (!isWhole || places.length !== Math.ceil((end - start) / blockSize)) return undefined
    return decodeBlocks(this.#reader.image, places, encoded, end - start)
  }

  async #fillGroup(places: readonly BlockPlace[], encoded: Uint8Array, start: number, end: number) {
    const { image } = this.#reader
    const base = places[0]?.position ?? 0
    const out = Buffer.allocUnsafeSlow(end - start)
    const load: LoadBlock = (place, what) => {
      const from = place.position - base
      return decodeBlock(image, what, place, encoded.subarray(from, from + place.size))
    }
    await this.#fill(out, start, load, ({ stored }, block) => {
      if (!stored) freeBuffer(block)
    })
    return out
  }

  /** Fills `out` with the bytes from `start` on; `release` takes each block that was copied. */
  async #fill(
    out: Uint8Array,
    start: number,
    load: LoadBlock,
    release: (place: BlockPlace, block: Uint8Array) => void = () => {},
  ): Promise<void> {
    const { image, readFragment } = this.#reader
    const { fragment, blockList, size } = this.#inode
    const { blockSize } = image.superblock
    const end = start + out.length
    const first = Math.floor(start / blockSize)
    await forEachLimited(Math.ceil(end / blockSize) - first, CONCURRENCY, async (step) => {
      const index = first + step
      const blockStart = index * blockSize
      const from = Math.max(start, blockStart)
      const to = Math.min(end, blockStart + blockSize)
      const wanted = Math.min(blockSize, size - blockStart)
      if (fragment !== undefined && index >= blockList.length / 4) {
        // The whole tail is asked for: where it is cut short, reading a part of it is an error too.
        const tail = await readFragment(fragment.index, fragment.offset, wanted)
        out.set(tail.subarray(from - blockStart, to - blockStart), from - start)
        return
      }
      const place = this.#place(index)
      if (place.size === 0) return void out.fill(0, from - start, to - start)
      const block = await load(place, `data block ${index}`)
      assertBlockSize(image, `data block ${index}`, place.position, block.length, wanted)
      out.set(block.subarray(from - blockStart, to - blockStart), from - start)
      release(place, block)
    })
  }

  /** The blocks of a file are one after the other from the inode's `start`. */
  #place(index: number): BlockPlace {
    const { image } = this.#reader
    const { blockList, start } = this.#inode
    const words = new DataView(blockList.buffer, blockList.byteOffset, blockList.byteLength)
    this.#positions ??= parsePositions(image, start, words)
    return placeBlock(image, `data block ${index}`, this.#positions[index] ?? 0, words.getUint32(index * 4, true))
  }
}

function parsePositions(image: Image, start: number, words: DataView): Float64Array {
  const positions = new Float64Array(words.byteLength / 4)
  let position = start
  for (let index = 0; index < positions.length; index++) {
    positions[index] = position
    position += parseBlockSize(image, `data block ${index}`, position, words.getUint32(index * 4, true))
  }
  return positions
}
