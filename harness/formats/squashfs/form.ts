// The form of an image, which must be that of mksquashfs 4.5 to 4.7 with `-all-root -noappend -comp zstd`, table by
// table, so that no byte is left over and the kernel finds each thing where it looks for it.
// squashfs-tools mksquashfs.c; linux v6.12 fs/squashfs/{super,export,fragment,id,xattr_id}.c
import { findNonNul } from '../../bytes/padding.ts'
import { Cursor } from '../../bytes/cursor.ts'
import { dataDeviations } from './form-data.ts'
import { inodeDeviations, type Visited } from './form-inodes.ts'
import { readInside, type Image } from './image.ts'
import {
  locateReference,
  METADATA_SIZE,
  readLookupTable,
  readMetadataTable,
  tableCursor,
  type MetadataTable,
} from './metadata.ts'
import { FORMAT, SUPERBLOCK_SIZE } from './superblock.ts'
import { readTables, walk, type Visit } from './tree.ts'
import { XATTR_PREFIXES, type XattrHeader } from './xattrs.ts'

/** Deviations of an image; as many as say what is wrong. */
export type SquashfsForm = {
  readonly deviations: readonly string[]
  /** Paths of inodes that have more than one. */
  readonly hardLinks: readonly string[]
}

/** Duplicates found (0x40), exportable (0x80), compressor options (0x400): what mksquashfs sets on its own. */
const FLAGS = 0x4c0
const BLOCK_SIZE = 131_072
/** mksquashfs fills up images to this, for loop devices, which count in sectors. */
const PADDING = 4096
/** u16 0x8004: four bytes, stored; u32 the level. */
const OPTIONS_SIZE = 6
const OPTIONS_HEADER = 0x8004
const MAX_LEVEL = 22
const MAX_DEVIATIONS = 32
const POINTER_SIZE = 8

/** Reads every table, inode and listing, and decodes fragment blocks. FormatErrors as of reading the entries. */
export async function readForm(image: Image, xattrHeader: XattrHeader): Promise<SquashfsForm> {
  const tables = await readTables(image, xattrHeader)
  const visits: Visit[] = []
  walk(tables, (visit) => visits.push(visit))
  const visited: Visited = { ...tables, visits, byOffset: Map.groupBy(visits, ({ at }) => at) }
  const deviations = [
    ...(await superblockDeviations(image)),
    ...(await dataDeviations(visited, SUPERBLOCK_SIZE + OPTIONS_SIZE)),
    ...inodeDeviations(visited),
    ...(await tableDeviations(visited, xattrHeader)),
    ...(await endDeviations(image)),
  ]
  return {
    deviations: deviations.slice(0, MAX_DEVIATIONS),
    hardLinks: [...visited.byOffset.values()].filter((names) => names.length > 1).map((names) => names[0]?.path ?? ''),
  }
}

async function superblockDeviations(image: Image): Promise<readonly string[]> {
  const { flags, blockSize } = image.superblock
  const found: string[] = []
  if (flags !== FLAGS) found.push(`superblock: expected flags 0x${FLAGS.toString(16)}, got 0x${flags.toString(16)}`)
  if (blockSize !== BLOCK_SIZE) found.push(`superblock: expected a block size of ${BLOCK_SIZE}, got ${blockSize}`)
  const bytes = await readInside(image, 'compressor options', SUPERBLOCK_SIZE, OPTIONS_SIZE)
  const cursor = new Cursor(bytes, FORMAT, image.source.where, SUPERBLOCK_SIZE)
  const header = cursor.u16le('header') // 0, 2
  const level = cursor.u32le('level') // 2, 4
  if (header !== OPTIONS_HEADER || level < 1 || level > MAX_LEVEL)
    found.push(
      `compressor options: expected 4 bytes with a level up to ${MAX_LEVEL}, got 0x${header.toString(16)}, ${level}`,
    )
  return found
}

/** Lookup tables are one behind the other, each with its blocks before its pointers. */
async function tableDeviations(visited: Visited, xattrHeader: XattrHeader): Promise<readonly string[]> {
  const { image, directories, ids, byOffset } = visited
  const { fragmentIndex, fragmentCount, exportIndex, inodeCount, idIndex, idCount, xattrIndex, bytesUsed } =
    image.superblock
  const found: string[] = []
  let at = directories.end ?? image.superblock.directoryTable
  const place = (name: string, table: MetadataTable, index: number | undefined): void => {
    const start = table.positions[0]
    const pointers = table.positions.length * POINTER_SIZE
    if (start !== undefined && start !== at) found.push(`${name}: expected at ${at}, got ${start}`)
    if (table.gaps > 0) found.push(`${name}: expected blocks side by side, got gaps`)
    at = table.end ?? at
    if (index !== at) found.push(`${name}: expected its pointers at ${at}, got ${index ?? 'none'}`)
    at = (index ?? at) + pointers
  }
  place(
    'fragment table',
    await readLookupTable(image, 'fragment table', fragmentIndex, fragmentCount, 16),
    fragmentIndex,
  )
  if (exportIndex === undefined) found.push('export table: expected one, got none')
  else {
    const table = await readLookupTable(image, 'export table', exportIndex, inodeCount, 8)
    place('export table', table, exportIndex)
    found.push(...exportDeviations(visited, table))
  }
  place('id table', await readLookupTable(image, 'id table', idIndex, idCount, 4), idIndex)
  const used = new Set([...byOffset.values()].flatMap(([first]) => [first?.inode.uidIndex, first?.inode.gidIndex]))
  if (new Set(ids).size !== ids.length || used.size !== ids.length)
    found.push(`id table: expected each owner once, got ${ids.length} for ${used.size}`)
  if (xattrIndex !== undefined) at = await placeXattrs(visited, xattrHeader, xattrIndex, at, found)
  if (at !== bytesUsed) found.push(`superblock: expected ${at} bytes used, got ${bytesUsed}`)
  return found
}

/** Names and values, the id table, then the header of 16 bytes that the superblock points to, and the pointers. */
async function placeXattrs(
  { image, byOffset }: Visited,
  { tableStart, idCount }: XattrHeader,
  index: number,
  at: number,
  found: string[],
): Promise<number> {
  const pointers = index + 16
  const ids = await readLookupTable(image, 'xattr ids', pointers, idCount, 16)
  const table = await readMetadataTable(image, 'xattrs', tableStart, ids.positions[0] ?? index)
  if (tableStart !== at) found.push(`xattrs: expected at ${at}, got ${tableStart}`)
  if (ids.gaps > 0 || (ids.end ?? table.end) !== index) found.push('xattr ids: expected right before their header')
  const unused = new Cursor(await readInside(image, 'xattr header', index, 16), FORMAT, image.source.where).seek(12)
  if (unused.u32le('unused') !== 0) found.push('xattr ids: expected NUL behind the count')
  const used = new Set([...byOffset.values()].flatMap(([first]) => first?.inode.xattr ?? []))
  if (used.size !== idCount) found.push(`xattr ids: expected each in use, got ${idCount} for ${used.size} in use`)
  found.push(...xattrDeviations(tableCursor(ids, 0), idCount, table))
  return pointers + ids.positions.length * POINTER_SIZE
}

/** Sets are side by side in the order of their numbers, no two alike, each with the size that listxattr needs. */
function xattrDeviations(ids: Cursor, idCount: number, table: MetadataTable): readonly string[] {
  const found: string[] = []
  const sets = new Set<string>()
  const cursor = tableCursor(table, 0)
  for (let id = 0; id < idCount; id++) {
    const start = cursor.position
    const reference = ids.u64le('xattr reference') // 0, 8
    const count = ids.u32le('xattr count') // 8, 4
    const size = ids.u32le('xattr size') // 12, 4
    if (locateReference(table, 'xattr reference', reference) !== start) {
      found.push(`xattr set ${id}: expected right behind the one before, got reference ${reference}`)
      return found
    }
    const wanted = skipXattrs(cursor, count)
    if (wanted === undefined) found.push(`xattr set ${id}: expected a short value in its place, got it out of line`)
    else if (size !== wanted) found.push(`xattr set ${id}: expected a size of ${wanted}, got ${size}`)
    sets.add(Buffer.from(table.bytes.subarray(start, cursor.position)).toString('latin1'))
  }
  if (sets.size !== idCount) found.push(`xattr ids: expected each set once, got ${sets.size} sets under ${idCount}`)
  if (cursor.position !== table.bytes.length)
    found.push(`xattrs: expected to end with a set, got ${table.bytes.length - cursor.position} more bytes`)
  return found
}

/**
 * Leads `cursor` behind `count` pairs; gives the bytes of their full names, with NUL, and values. Undefined where a
 * value is elsewhere: mksquashfs shares those of more than 128 bytes, and labels are shorter.
 */
function skipXattrs(cursor: Cursor, count: number): number | undefined {
  let size = 0
  let isInLine = true
  for (let pair = 0; pair < count; pair++) {
    const prefix = XATTR_PREFIXES[cursor.u16le('xattr type')]
    const name = cursor.bytes(cursor.u16le('xattr name size'), 'xattr name')
    const value = cursor.bytes(cursor.u32le('xattr value size'), 'xattr value')
    size += (prefix?.length ?? 0) + name.length + 1 + value.length
    isInLine &&= prefix !== undefined
  }
  return isInLine ? size : undefined
}

/** Entry n leads to the inode of number n + 1. */
function exportDeviations({ image, inodes, byOffset }: Visited, table: MetadataTable): readonly string[] {
  const cursor = tableCursor(table, 0)
  const references = Array.from({ length: image.superblock.inodeCount }, () => cursor.u64le('inode reference'))
  return [...byOffset.values()].flatMap(([first]) => {
    if (first === undefined) return []
    const block = (inodes.positions[Math.floor(first.at / METADATA_SIZE)] ?? 0) - image.superblock.inodeTable
    const wanted = (BigInt(block) << 16n) | BigInt(first.at % METADATA_SIZE)
    return references[first.inode.inode - 1] === wanted
      ? []
      : [`export table: expected inode ${first.inode.inode} (${first.path || '/'}) at ${wanted}, got another place`]
  })
}

async function endDeviations({ source, superblock }: Image): Promise<readonly string[]> {
  const end = Math.ceil(superblock.bytesUsed / PADDING) * PADDING
  if (source.size !== end) return [`end: expected NUL up to ${end}, got ${source.size} bytes`]
  const padding = await source.read(superblock.bytesUsed, end - superblock.bytesUsed)
  return findNonNul(padding) < 0 ? [] : ['end: expected NUL behind the last table, got other bytes']
}
