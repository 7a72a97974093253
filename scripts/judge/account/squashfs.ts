// The account of a squashfs image: superblock, blocks of contents, decoded tables, padding.
import type { ByteSource } from '#harness/bytes/source.ts'
import { parseBlockSize, placeBlock, readBlock } from '#harness/formats/squashfs/blocks.ts'
import { MAX_CONTENT_BYTES, type Image } from '#harness/formats/squashfs/image.ts'
import type { FileInode } from '#harness/formats/squashfs/inodes.ts'
import { readLookupTable, tableCursor, type MetadataTable } from '#harness/formats/squashfs/metadata.ts'
import { parseSuperblock, SUPERBLOCK_SIZE, type Superblock } from '#harness/formats/squashfs/superblock.ts'
import { readTables, walk, type Visit } from '#harness/formats/squashfs/tree.ts'
import { readXattrHeader } from '#harness/formats/squashfs/xattrs.ts'
import { derived, free, leaf, leafWith, pinned, type Branch, type Leaf, type Reason, type Span } from './span.ts'

const TIME = { offset: 8, size: 4 }
const LAYOUT = derived('mksquashfs’s layout', 'EXT-020')
const NO_TIME = free('no node acts on a time')
const MODULES_DEP = 'modules.dep.sqsh'

/** `name` is its path in the archive; `offset` where it begins there. */
export async function accountOfSquashfs(source: ByteSource, name: string, offset: number): Promise<Branch> {
  const superblock = parseSuperblock(await source.read(0, SUPERBLOCK_SIZE), source.size, source.where)
  const stats = { blocksDecoded: 0, metadataBlocksDecoded: 0 }
  const image: Image = { source, superblock, stats, allowance: { contentBytes: MAX_CONTENT_BYTES } }
  const tables = await readTables(image, await readXattrHeader(image))
  const visits: Visit[] = []
  walk(tables, (visit) => visits.push(visit))
  const content =
    name === MODULES_DEP ? derived('depmod’s index of all modules, and the lists beside it', 'MOD-010') : CONTENT
  const { inodeTable, directoryTable, bytesUsed } = superblock
  const blocks = await blockSpans(image, visits, content)
  const dataAt = blocks[0]?.offset ?? inodeTable
  return {
    name,
    offset,
    size: source.size,
    parts: [
      ...leafWith('superblock', 0, Math.min(SUPERBLOCK_SIZE, dataAt), LAYOUT, [
        leaf('modification time', TIME.offset, TIME.size, NO_TIME),
      ]),
      ...(dataAt > SUPERBLOCK_SIZE
        ? [leaf('compressor options', SUPERBLOCK_SIZE, dataAt - SUPERBLOCK_SIZE, LAYOUT)]
        : []),
      ...blocks,
      decodedTable('inode table', inodeTable, directoryTable, tables.inodes, inodeTimes(visits)),
      decodedTable('directory table', directoryTable, tables.directories.end ?? directoryTable, tables.directories, []),
      ...lookupTables(superblock, tables.directories.end ?? directoryTable),
      ...(source.size > bytesUsed ? [leaf('padding', bytesUsed, source.size - bytesUsed, LAYOUT)] : []),
    ],
  }
}

const CONTENT = pinned('lock.extensions[].content', 'EXT-017')

/** Blocks and fragments, the same ones once: how they are compressed is free, what they hold is not. */
async function blockSpans(image: Image, visits: readonly Visit[], content: Reason): Promise<readonly Span[]> {
  const found = new Map<number, Span>()
  for (const { path, inode } of visits)
    if (inode.type === 'file') for (const one of blocksOf(image, path, inode, content)) found.set(one.offset, one)
  for (const fragment of await fragmentSpans(image, content)) found.set(fragment.offset, fragment)
  return [...found.values()].toSorted((a, b) => a.offset - b.offset)
}

function* blocksOf(image: Image, path: string, { blockList, start, size }: FileInode, content: Reason) {
  const { blockSize } = image.superblock
  const words = new DataView(blockList.buffer, blockList.byteOffset, blockList.byteLength)
  let at = start
  for (let index = 0; index * 4 < blockList.length; index++) {
    const stored = parseBlockSize(image, 'data block', at, words.getUint32(index * 4, true))
    // A hole takes no bytes in the image.
    if (stored > 0)
      yield block(`${path} block ${index}`, at, stored, Math.min(blockSize, size - index * blockSize), content)
    at += stored
  }
}

async function fragmentSpans(image: Image, content: Reason): Promise<readonly Span[]> {
  const { fragmentCount, fragmentIndex } = image.superblock
  const table = await readLookupTable(image, 'fragment table', fragmentIndex, fragmentCount, 16)
  const cursor = tableCursor(table, 0)
  const spans: Span[] = []
  for (let index = 0; index < fragmentCount; index++) {
    const what = `fragment ${index}`
    const place = placeBlock(image, what, cursor.count64le('fragment start'), cursor.u32le('fragment size'))
    cursor.u32le('unused')
    const decoded = await readBlock(image, what, place)
    spans.push(block(what, place.position, place.size, decoded.length, content))
  }
  return spans
}

function block(name: string, offset: number, size: number, decoded: number, content: Reason): Branch {
  return {
    name,
    offset,
    size,
    decoded: { from: 'squashfs block', size: decoded },
    parts: [leaf(name, 0, decoded, content)],
  }
}

/** i_mtime of each inode, eight bytes into it. */
function inodeTimes(visits: readonly Visit[]): readonly Leaf[] {
  const places = new Map(visits.map(({ at, path }) => [at, path === '' ? '/' : path]))
  return [...places].toSorted(([a], [b]) => a - b).map(([at, path]) => leaf(`${path} time`, at + 8, 4, NO_TIME))
}

function decodedTable(name: string, start: number, end: number, table: MetadataTable, times: readonly Leaf[]): Span {
  const size = table.bytes.length
  return {
    name,
    offset: start,
    size: end - start,
    decoded: { from: 'metadata blocks', size },
    parts: leafWith(name, 0, size, LAYOUT, times),
  }
}

/** Fragment, export, id and attribute tables follow one another up to the end. */
function lookupTables({ bytesUsed }: Superblock, start: number): readonly Leaf[] {
  return bytesUsed > start ? [leaf('lookup tables', start, bytesUsed - start, LAYOUT)] : []
}
