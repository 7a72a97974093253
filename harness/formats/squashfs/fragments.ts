// Fragment blocks: the tails of many files in one block. https://dr-emann.github.io/squashfs/#_fragment_table
import { factOf } from '../../bytes/identity.ts'
import { makeBlockCache, placeBlock, readBlock, type BlockPlace } from './blocks.ts'
import { imageError, type Image } from './image.ts'
import { readLookupTable, tableCursor } from './metadata.ts'

const ENTRY_SIZE = 16
/**
 * mksquashfs fills fragments in the order of the tree, so files read in that order need each block once; the cache
 * also covers several readers at different places and tails that a later duplicate shares.
 */
const CACHE_BYTES = 1 << 24

/** `length` bytes at `offset` of fragment block `index`; MALFORMED where the block is shorter. A view, not a copy. */
export type ReadFragment = (index: number, offset: number, length: number) => Promise<Uint8Array>

/** Reads the fragment table, and gives the function that reads from its blocks. The index is bounded by the inode. */
export async function readFragmentTable(image: Image): Promise<ReadFragment> {
  const { fragmentIndex, fragmentCount, blockSize } = image.superblock
  const table = await readLookupTable(image, 'fragment table', fragmentIndex, fragmentCount, ENTRY_SIZE)
  const cache = makeBlockCache(blockSize, CACHE_BYTES)
  return async (index, offset, length) => {
    const what = `fragment block ${index}`
    const cursor = tableCursor(table, index * ENTRY_SIZE)
    const position = cursor.count64le('fragment start') // 0, 8
    const place = placeBlock(image, what, position, cursor.u32le('fragment size')) // 8, 4; then 4 unused bytes
    const { position: at, size, stored } = place
    const block = await cache(what, () =>
      factOf(image.source, `squashfs fragment ${at} ${size} ${stored}`, () => readOwn(image, what, place), sizeOf),
    )
    if (offset + length > block.length)
      throw imageError(
        image,
        'MALFORMED',
        `${what}, expected ${length} bytes at ${offset}, got a block of ${block.length}`,
        position,
      )
    return block.subarray(offset, offset + length)
  }
}

/** A stored block is a view of the image, which would be kept with it. */
async function readOwn(image: Image, what: string, place: BlockPlace): Promise<Uint8Array> {
  const block = await readBlock(image, what, place)
  return place.stored && image.source.identity !== undefined ? Uint8Array.from(block) : block
}

function sizeOf(block: Uint8Array): number {
  return block.buffer.byteLength
}
