// The part of an image that holds contents: blocks and fragments fill it without a gap, and tails fill the fragments.
// Equal contents share their blocks. squashfs-tools mksquashfs.c write_file, duplicate
import { parseBlockSize, placeBlock, readBlock } from './blocks.ts'
import type { Visited } from './form-inodes.ts'
import type { Image } from './image.ts'
import type { FileInode } from './inodes.ts'
import { readLookupTable, tableCursor } from './metadata.ts'

type Range = { readonly start: number; readonly end: number; readonly what: string }

/** The tails in fragment n. */
type Tails = Map<number, Range[]>

/** `dataStart` is where the first block may be; the inode table follows the last. */
export async function dataDeviations(visited: Visited, dataStart: number): Promise<readonly string[]> {
  const { image } = visited
  const ranges: Range[] = []
  const empty: { readonly start: number; readonly what: string }[] = []
  const tails: Tails = new Map()
  const found: string[] = []
  for (const [first] of visited.byOffset.values()) {
    if (first?.inode.type !== 'file') continue
    const { inode, path: what } = first
    const stored = storedBytes(image, inode)
    if (stored > 0) ranges.push({ start: inode.start, end: inode.start + stored, what })
    else if (inode.blockList.length > 0) empty.push({ start: inode.start, what })
    else if (inode.start !== 0) found.push(`inode of ${what}: expected no place of blocks, got ${inode.start}`)
    addTail(tails, inode, what, image.superblock.blockSize)
  }
  const fragments = await fragmentDeviations(image, tails)
  ranges.push(...fragments.ranges)
  found.push(...fragments.deviations, ...coverDeviations('data', ranges, dataStart, image.superblock.inodeTable))
  const edges = new Set([dataStart, ...ranges.map(({ end }) => end)])
  for (const { start, what } of empty)
    if (!edges.has(start)) found.push(`inode of ${what}: expected its blocks at the end of others, got ${start}`)
  return found
}

function storedBytes(image: Image, { blockList, start }: FileInode): number {
  const words = new DataView(blockList.buffer, blockList.byteOffset, blockList.byteLength)
  let size = 0
  for (let at = 0; at < blockList.length; at += 4)
    size += parseBlockSize(image, 'data block', start, words.getUint32(at, true))
  return size
}

function addTail(tails: Tails, { fragment, size }: FileInode, what: string, blockSize: number): void {
  if (fragment === undefined) return
  const known = tails.get(fragment.index) ?? []
  known.push({ start: fragment.offset, end: fragment.offset + (size % blockSize), what })
  tails.set(fragment.index, known)
}

async function fragmentDeviations(
  image: Image,
  tails: Tails,
): Promise<{ readonly ranges: readonly Range[]; readonly deviations: readonly string[] }> {
  const { fragmentCount, fragmentIndex } = image.superblock
  const table = await readLookupTable(image, 'fragment table', fragmentIndex, fragmentCount, 16)
  const cursor = tableCursor(table, 0)
  const ranges: Range[] = []
  const deviations: string[] = []
  for (let index = 0; index < fragmentCount; index++) {
    const what = `fragment block ${index}`
    const start = cursor.count64le('fragment start') // 0, 8
    const place = placeBlock(image, what, start, cursor.u32le('fragment size')) // 8, 4
    if (cursor.u32le('unused') !== 0) deviations.push(`${what}: expected NUL behind its size, got other bytes`) // 12, 4
    ranges.push({ start, end: start + place.size, what })
    const block = await readBlock(image, what, place)
    deviations.push(...coverDeviations(what, tails.get(index) ?? [], 0, block.length))
  }
  return { ranges, deviations }
}

/** Ranges side by side from `start` to `end`; those of equal contents are one. */
function coverDeviations(where: string, ranges: readonly Range[], start: number, end: number): readonly string[] {
  const found: string[] = []
  let at = start
  let before: Range | undefined
  for (const range of ranges.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (before !== undefined && range.start === before.start && range.end === before.end) continue
    if (range.start !== at) found.push(`${where}: expected ${range.what} at ${at}, got it at ${range.start}`)
    at = range.end
    before = range
  }
  if (at !== end) found.push(`${where}: expected content up to ${end}, got it up to ${at}`)
  return found
}
