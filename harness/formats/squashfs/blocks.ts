// Data and fragment blocks, and a bounded cache of them. https://dr-emann.github.io/squashfs/#_data_and_fragment_blocks
import { bytesSource } from '../../bytes/source.ts'
import { readZstdFrame } from '../../bytes/zstd-frames.ts'
import { assertInside, decompress, decompressFrames, imageError, type Image } from './image.ts'

/** Bit 24 of a size word: stored as it is. Bits 25–31 have no meaning. */
const STORED = 1 << 24
const SIZE_MASK = STORED - 1

/** A block in the image. A `size` of 0 is a sparse block: zeros that are not stored. */
export type BlockPlace = { readonly position: number; readonly size: number; readonly stored: boolean }

/** The size and form of the block at `position` by its size word; MALFORMED for more than a block or unknown bits. */
export function placeBlock(image: Image, what: string, position: number, word: number): BlockPlace {
  const size = parseBlockSize(image, what, position, word)
  assertInside(image, what, position, size)
  return { position, size, stored: (word & STORED) !== 0 }
}

/** The bytes that a block takes in the image. */
export function parseBlockSize(image: Image, what: string, position: number, word: number): number {
  const { blockSize, bytesUsed } = image.superblock
  const size = word & SIZE_MASK
  if (word <= (STORED | SIZE_MASK) && size <= blockSize) return size
  throw imageError(
    image,
    'MALFORMED',
    `${what} size, expected at most ${blockSize}, got 0x${word.toString(16)}`,
    Math.min(position, bytesUsed),
  )
}

/** The decoded block, of which `encoded` are the bytes in the image. */
export async function decodeBlock(
  image: Image,
  what: string,
  place: BlockPlace,
  encoded: Uint8Array,
): Promise<Uint8Array> {
  image.stats.blocksDecoded++
  return place.stored ? encoded : decompress(image, what, encoded, image.superblock.blockSize, place.position)
}

/**
 * The content of blocks that are side by side in `encoded`, `size` bytes: all by one decoder, which costs more to make than
 * to decode with. Undefined where each has to be looked at by itself: unless they are full but for the last, each one frame
 * of zstd that states its size.
 */
export async function decodeBlocks(
  image: Image,
  places: readonly BlockPlace[],
  encoded: Uint8Array,
  size: number,
): Promise<Uint8Array | undefined> {
  const { blockSize, compression } = image.superblock
  const [first] = places
  if (first === undefined || compression !== 'zstd' || places.some((place) => place.stored || place.size === 0))
    return undefined
  const source = bytesSource(encoded)
  for (const [index, place] of places.entries()) {
    const wanted = Math.min(blockSize, size - index * blockSize)
    const frame = await readZstdFrame(source, place.position - first.position).catch(() => undefined)
    if (frame?.kind !== 'data' || frame.dictionaryId !== undefined) return undefined
    if (frame.size !== place.size || frame.contentSize !== wanted) return undefined
  }
  const content = await decompressFrames(image, encoded, size).catch(() => undefined)
  if (content?.length !== size) return undefined
  image.stats.blocksDecoded += places.length
  return content
}

export async function readBlock(image: Image, what: string, place: BlockPlace): Promise<Uint8Array> {
  return decodeBlock(image, what, place, await image.source.read(place.position, place.size))
}

/** MALFORMED unless a block has the size that its inode demands. */
export function assertBlockSize(image: Image, what: string, at: number, size: number, expected: number): void {
  if (size !== expected) throw imageError(image, 'MALFORMED', `${what}, expected ${expected} bytes, got ${size}`, at)
}

export type BlockCache = (key: string, read: () => Promise<Uint8Array>) => Promise<Uint8Array>

/** The blocks that were asked for last, at most `maxBytes` of them; who asks while a block is read shares the read. */
export function makeBlockCache(blockSize: number, maxBytes: number): BlockCache {
  const capacity = Math.max(1, Math.floor(maxBytes / blockSize))
  const blocks = new Map<string, Promise<Uint8Array>>()
  return (key, read) => {
    const found = blocks.get(key)
    const block = found ?? read()
    if (found !== undefined) blocks.delete(key)
    blocks.set(key, block)
    if (blocks.size > capacity) for (const oldest of blocks.keys()) return (blocks.delete(oldest), block)
    return block
  }
}
