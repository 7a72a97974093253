// Metadata blocks (8 KiB each when decoded) and the tables made of them.
// https://dr-emann.github.io/squashfs/#metadata, linux fs/squashfs/{block,cache}.c
import { Cursor } from '../../bytes/cursor.ts'
import { factOf } from '../../bytes/identity.ts'
import { memberLocation } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { assertInside, CONCURRENCY, decompress, forEachLimited, imageError, readInside, type Image } from './image.ts'
import { FORMAT } from './superblock.ts'

export const METADATA_SIZE = 8192
const BLOCK_HEADER_SIZE = 2
/** Bit 15 of a block's header: stored as it is. */
const STORED = 0x8000
/** The tables of a million inodes take two thirds of this at most in practice; more is a bomb. */
const MAX_TABLE_SIZE = 1 << 26

/** A run of metadata blocks, decoded and joined. Positions in errors count decoded bytes from its start. */
export type MetadataTable = {
  readonly bytes: Uint8Array
  readonly where: Location
  /** The offset in `bytes` of the block at each position (from the table's start, encoded). */
  readonly blocks: ReadonlyMap<number, number>
  /** The offset of each block in the image. */
  readonly positions: readonly number[]
  /** The end of the last block in the image; undefined without blocks. */
  readonly end?: number | undefined
  /** Blocks that do not follow the one before. */
  readonly gaps: number
}

export function tableCursor(table: MetadataTable, offset: number): Cursor {
  return new Cursor(table.bytes, FORMAT, table.where).seek(offset)
}

/** Offset in `table.bytes` of what is `offset` bytes into the block at `position`; MALFORMED where no block is. */
export function locate(table: MetadataTable, what: string, position: number, offset: number): number {
  const start = table.blocks.get(position)
  if (start === undefined || offset >= METADATA_SIZE || start + offset >= table.bytes.length)
    throw tableCursor(table, 0).error(
      'MALFORMED',
      `${what}, expected inside the table, got block ${position}:${offset}`,
    )
  return start + offset
}

/** The same for a reference as it is stored: block position << 16 | offset in the decoded block. */
export function locateReference(table: MetadataTable, what: string, reference: bigint): number {
  if (reference >> 48n !== 0n)
    throw tableCursor(table, 0).error('MALFORMED', `${what}, expected a reference of 48 bits, got ${reference}`)
  return locate(table, what, Number(reference >> 16n), Number(reference & 0xffffn))
}

/**
 * The blocks that fill `start` … `end` of the image, each decoded once, several at a time. All but the last hold
 * 8 KiB, as in every image that the kernel can address. LIMIT_EXCEEDED above MAX_TABLE_SIZE.
 */
export async function readMetadataTable(
  image: Image,
  name: string,
  start: number,
  end: number,
): Promise<MetadataTable> {
  const reader = `squashfs blocks ${start}-${end}`
  const table = await factOf(image.source, reader, () => decodeTable(image, name, start, end), sizeOf)
  return { ...table, where: memberLocation(image.source.where, name) }
}

/** A table without the name that its errors give it. */
type Decoded = Omit<MetadataTable, 'where'>

function sizeOf({ bytes, positions }: Decoded): number {
  return bytes.buffer.byteLength + 64 * positions.length
}

async function decodeTable(image: Image, name: string, start: number, end: number): Promise<Decoded> {
  if (end < start) throw imageError(image, 'MALFORMED', `${name}, expected to end behind ${start}, got ${end}`, start)
  assertTableSize(image, name, end - start, start)
  const encoded = await readInside(image, name, start, end - start)
  const blocks: Block[] = []
  for (let at = 0; at < encoded.length;) {
    const block = parseBlock(image, name, encoded, at, start)
    blocks.push(block)
    at = block.end
  }
  assertTableSize(image, name, blocks.length * METADATA_SIZE, start)
  const { bytes, size } = await decodeBlocks(image, name, blocks)
  return {
    bytes: bytes.subarray(0, size),
    blocks: new Map(blocks.map((block, index) => [block.position - start, index * METADATA_SIZE])),
    positions: blocks.map((block) => block.position),
    end,
    gaps: 0,
  }
}

/** A table of `count` records of `recordSize` bytes, whose blocks are found by 64-bit pointers at `index`. */
export async function readLookupTable(
  image: Image,
  name: string,
  index: number | undefined,
  count: number,
  recordSize: number,
): Promise<MetadataTable> {
  const where = memberLocation(image.source.where, name)
  const size = count * recordSize
  if (count === 0) return { bytes: new Uint8Array(0), where, blocks: new Map(), positions: [], gaps: 0 }
  const reader = `squashfs records ${index} ${size}`
  return { ...(await factOf(image.source, reader, () => decodeLookup(image, name, index, size), sizeOf)), where }
}

async function decodeLookup(image: Image, name: string, index: number | undefined, size: number): Promise<Decoded> {
  assertTableSize(image, name, size, index ?? 0)
  const pointers = await readPointers(image, name, index, Math.ceil(size / METADATA_SIZE))
  const blocks: Block[] = []
  await forEachLimited(pointers.length, CONCURRENCY, async (number) => {
    const position = pointers[number] ?? 0
    assertInside(image, name, position, 2)
    const length = Math.min(2 + METADATA_SIZE, image.superblock.bytesUsed - position)
    blocks[number] = parseBlock(image, name, await image.source.read(position, length), 0, position)
  })
  const decoded = await decodeBlocks(image, name, blocks)
  if (decoded.size !== size)
    throw imageError(image, 'MALFORMED', `${name}, expected ${size} bytes, got ${decoded.size}`, index ?? 0)
  const ends = blocks.map(({ position, bytes }) => position + BLOCK_HEADER_SIZE + bytes.length)
  return {
    bytes: decoded.bytes.subarray(0, size),
    blocks: new Map(),
    positions: pointers,
    end: ends.at(-1),
    gaps: pointers.filter((pointer, at) => at > 0 && pointer !== ends[at - 1]).length,
  }
}

/** The offset of the first block of a lookup table; tables before it end there at the latest. */
export async function readFirstPointer(image: Image, name: string, index: number | undefined): Promise<number> {
  const [first = 0] = await readPointers(image, name, index, 1)
  return first
}

async function readPointers(image: Image, name: string, index: number | undefined, count: number): Promise<number[]> {
  if (index === undefined) throw imageError(image, 'MALFORMED', `${name}, expected a table, got none`, 0)
  const bytes = await readInside(image, `${name} index`, index, count * 8)
  const cursor = new Cursor(bytes, FORMAT, image.source.where, index)
  return Array.from({ length: count }, () => cursor.count64le(`${name} pointer`))
}

type Block = { readonly position: number; readonly end: number; readonly stored: boolean; readonly bytes: Uint8Array }

/** Header u16: bit 15 stored, bits 0–14 size; then the bytes. `base` is the offset of `encoded[0]` in the image. */
function parseBlock(image: Image, name: string, encoded: Uint8Array, at: number, base: number): Block {
  const cursor = new Cursor(encoded, FORMAT, image.source.where, base).seek(at)
  const header = cursor.u16le(`${name} block header`)
  const length = header & ~STORED
  if (length === 0 || length > METADATA_SIZE)
    throw cursor.error('MALFORMED', `${name} block, expected 1 to ${METADATA_SIZE} bytes, got ${length}`, at)
  const bytes = cursor.bytes(length, `${name} block`)
  return { position: base + at, end: cursor.position, stored: (header & STORED) !== 0, bytes }
}

async function decodeBlocks(
  image: Image,
  name: string,
  blocks: readonly Block[],
): Promise<{ bytes: Uint8Array; size: number }> {
  const bytes = new Uint8Array(blocks.length * METADATA_SIZE)
  let size = 0
  await forEachLimited(blocks.length, CONCURRENCY, async (index) => {
    const block = blocks[index]
    if (block === undefined) return
    const decoded = block.stored
      ? block.bytes
      : await decompress(image, `${name} block`, block.bytes, METADATA_SIZE, block.position)
    image.stats.metadataBlocksDecoded++
    if (decoded.length !== METADATA_SIZE && index < blocks.length - 1)
      throw imageError(
        image,
        'MALFORMED',
        `${name} block, expected ${METADATA_SIZE} bytes, got ${decoded.length}`,
        block.position,
      )
    bytes.set(decoded, index * METADATA_SIZE)
    size += decoded.length
  })
  return { bytes, size }
}

function assertTableSize(image: Image, name: string, size: number, at: number): void {
  if (size > MAX_TABLE_SIZE)
    throw imageError(image, 'LIMIT_EXCEEDED', `${name}, expected at most ${MAX_TABLE_SIZE} bytes, got ${size}`, at)
}
