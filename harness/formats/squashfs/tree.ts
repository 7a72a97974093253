// The walk from the root: every entry with its inode, directories before what is in them.
import { keyOf } from '../../bytes/identity.ts'
import { memberLocation, type Identity } from '../../bytes/source.ts'
import type { FormatCode, FormatError } from '../../errors.ts'
import { decodeName, type FileEntry } from '../../fs/file-tree.ts'
import { makeBlockCache } from './blocks.ts'
import { parseListing, type ListingEntry } from './directory.ts'
import { FileContent, type FileReader } from './file-content.ts'
import { FileData } from './file-data.ts'
import { readFragmentTable } from './fragments.ts'
import { imageError, MAX_CONTENT_BYTES, type Image } from './image.ts'
import { parseInode, type Inode } from './inodes.ts'
import {
  locate,
  locateReference,
  METADATA_SIZE,
  readFirstPointer,
  readLookupTable,
  readMetadataTable,
  tableCursor,
  type MetadataTable,
} from './metadata.ts'
import { readXattrs, type XattrHeader, type Xattrs } from './xattrs.ts'

/**
 * A file entry with what only a file system knows. Hard links are entries with one `inode` and one `data`; `origin` is
 * the metadata block that holds the inode.
 */
export type SquashfsEntry = FileEntry & {
  readonly inode: number
  /** Links as the inode counts them; a basic file inode counts as 1. */
  readonly links: number
  /** The number of a block or character device. */
  readonly device?: { readonly major: number; readonly minor: number }
}

/** Entries and inodes: twenty times what the biggest Talos extension has. */
const MAX_ENTRIES = 1_000_000
const MAX_DEPTH = 256
/** PATH_MAX of Linux. */
const MAX_PATH = 4096
/** All paths and targets together: otherwise a million deep paths take gigabytes. */
const MAX_TEXT = 1 << 27
/** Blocks kept for small reads in a row. */
const DATA_CACHE_BYTES = 1 << 22

/** Every entry of the image, the root ('') first. */
export async function readEntries(image: Image, xattrHeader: XattrHeader): Promise<readonly SquashfsEntry[]> {
  return walk(await readTables(image, xattrHeader))
}

/** The tables that the walk needs, decoded; errors as of the tables. */
export async function readTables(image: Image, xattrHeader: XattrHeader): Promise<Tables> {
  const { superblock } = image
  if (superblock.inodeCount > MAX_ENTRIES)
    throw imageError(
      image,
      'LIMIT_EXCEEDED',
      `inodes, expected at most ${MAX_ENTRIES}, got ${superblock.inodeCount}`,
      4,
    )
  const [inodes, directories, ids, readFragment, xattrs] = await Promise.all([
    readMetadataTable(image, 'inode table', superblock.inodeTable, superblock.directoryTable),
    directoryTableEnd(image).then((end) => readMetadataTable(image, 'directory table', superblock.directoryTable, end)),
    readIds(image),
    readFragmentTable(image),
    readXattrs(image, xattrHeader),
  ])
  const reader = { image, readFragment, cache: makeBlockCache(superblock.blockSize, DATA_CACHE_BYTES) }
  return { image, inodes, directories, ids, xattrs, reader }
}

/** The kernel lets the directory table end where the next table's first block is. */
async function directoryTableEnd(image: Image): Promise<number> {
  const { fragmentCount, fragmentIndex, exportIndex, idIndex } = image.superblock
  if (fragmentCount > 0) return readFirstPointer(image, 'fragment table', fragmentIndex)
  if (exportIndex !== undefined) return readFirstPointer(image, 'export table', exportIndex)
  return readFirstPointer(image, 'id table', idIndex)
}

async function readIds(image: Image): Promise<Uint32Array> {
  const { idIndex, idCount } = image.superblock
  const cursor = tableCursor(await readLookupTable(image, 'id table', idIndex, idCount, 4), 0)
  return Uint32Array.from({ length: idCount }, () => cursor.u32le('id'))
}

export type Tables = {
  readonly image: Image
  readonly inodes: MetadataTable
  readonly directories: MetadataTable
  readonly ids: Uint32Array
  readonly xattrs: (id: number) => Xattrs
  readonly reader: FileReader
}

type Attributes = Omit<SquashfsEntry, 'path'>

/**
 * An entry as it is met: where its inode is in the table, and how its directory lists it; the root is not listed.
 */
export type Visit = {
  readonly path: string
  readonly at: number
  readonly inode: Inode
  readonly listed?: ListingEntry
  readonly parent?: Inode
}

/** The entries from the root on; `visit` sees each with its inode. */
export function walk(tables: Tables, visit: (entry: Visit) => void = () => {}): readonly SquashfsEntry[] {
  const { image, inodes, directories } = tables
  const entries: SquashfsEntry[] = []
  const resolve = makeResolver(tables)
  let text = 0

  const root = resolve(locateReference(inodes, 'root inode', image.superblock.rootInode), '')
  if (root.inode.type !== 'directory')
    throw imageError(image, 'MALFORMED', `root inode, expected a directory, got a ${root.inode.type}`, 32)
  entries.push({ path: '', ...root.attributes })
  visit({ path: '', at: root.at, inode: root.inode })
  const open: { path: string; inode: Inode; listing: Iterator<ListingEntry, void> }[] = [
    { path: '', inode: root.inode, listing: parseListing(directories, root.inode) },
  ]
  // Directories cannot be linked: one that is met twice is a loop, or would be walked twice.
  const entered = new Set<number>([root.at])

  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const { done, value: found } = folder.listing.next()
    if (done === true || found === undefined) {
      open.pop()
      continue
    }
    const path = folder.path === '' ? found.name : `${folder.path}/${found.name}`
    const { at, inode, attributes } = resolve(locate(inodes, `inode of ${path}`, found.block, found.offset), path)
    const error = (code: FormatCode, message: string): FormatError => tableCursor(inodes, at).error(code, message)
    if (inode.type !== found.type)
      throw error('MALFORMED', `inode of ${path}, expected a ${found.type}, got a ${inode.type}`)
    text += path.length + (attributes.target?.length ?? 0)
    if (entries.length === MAX_ENTRIES || path.length > MAX_PATH || text > MAX_TEXT)
      throw error(
        'LIMIT_EXCEEDED',
        `entries, expected at most ${MAX_ENTRIES} with paths of ${MAX_PATH} and ${MAX_TEXT} in all, got more`,
      )
    entries.push({ path, ...attributes })
    visit({ path, at, inode, listed: found, parent: folder.inode })
    if (inode.type !== 'directory') continue
    if (entered.has(at)) throw error('MALFORMED', `directory ${path}, expected in one place, got another`)
    if (open.length > MAX_DEPTH)
      throw error('LIMIT_EXCEEDED', `directory depth, expected at most ${MAX_DEPTH}, got more`)
    entered.add(at)
    open.push({ path, inode, listing: parseListing(directories, inode) })
  }
  return entries
}

type Resolved = { readonly at: number; readonly inode: Inode; readonly attributes: Attributes }

/** Parses each inode once, so that hard links share one content. The path of the first link names it in errors. */
function makeResolver(tables: Tables): (at: number, path: string) => Resolved {
  const { image, inodes } = tables
  const { inodeCount } = image.superblock
  const known = new Map<number, Resolved>()
  let listed = 0
  return (at, path) => {
    const before = known.get(at)
    if (before !== undefined) return before
    const inode = parseInode(inodes, at, image.superblock)
    if (known.size === inodeCount)
      throw tableCursor(inodes, at).error('MALFORMED', `inodes, expected ${inodeCount}, got more`)
    // Lists that overlap would let a small table describe any number of blocks.
    listed += inode.type === 'file' ? inode.blockList.length : 0
    if (listed > inodes.bytes.length)
      throw tableCursor(inodes, at).error('MALFORMED', `block lists, expected side by side, got them overlapping`)
    if (inode.type === 'file') spend(image, inode.size, path)
    const resolved = { at, inode, attributes: toAttributes(tables, inode, at, path) }
    known.set(at, resolved)
    return resolved
  }
}

function spend(image: Image, size: number, path: string): void {
  image.allowance.contentBytes -= size
  if (image.allowance.contentBytes < 0)
    throw imageError(
      image,
      'LIMIT_EXCEEDED',
      `files, expected at most ${MAX_CONTENT_BYTES} bytes with their holes, got more at ${path}`,
      0,
    )
}

function toAttributes(tables: Tables, inode: Inode, at: number, path: string): Attributes {
  const { image, inodes, xattrs, reader } = tables
  return {
    type: inode.type,
    mode: inode.mode,
    uid: findId(tables, inode.uidIndex),
    gid: findId(tables, inode.gidIndex),
    size: inode.type === 'file' ? inode.size : 0,
    mtime: inode.mtime,
    inode: inode.inode,
    links: inode.links,
    ...(inode.xattr === undefined ? {} : { xattrs: xattrs(inode.xattr) }),
    ...(inode.type === 'symlink' ? { target: decodeName(inode.target) } : {}),
    ...('device' in inode ? { device: inode.device } : {}),
    ...(inode.type === 'file'
      ? {
          data: new FileData(
            new FileContent(reader, inode),
            0,
            inode.size,
            memberLocation(image.source.where, path),
            identityOf(image, at),
          ),
        }
      : {}),
    origin: { ...image.source.where, offset: inodes.positions[Math.floor(at / METADATA_SIZE)] ?? 0 },
  }
}

/** The content of a file follows from the image and the place of its inode. */
function identityOf({ source }: Image, at: number): Identity | undefined {
  const root = keyOf(source, `inode ${at}`)
  return source.identity && root !== undefined ? { facts: source.identity.facts, root, offset: 0 } : undefined
}

function findId({ image, ids }: Tables, index: number): number {
  const id = ids[index]
  if (id !== undefined) return id
  const message = `id index, expected below ${ids.length}, got ${index}`
  throw imageError(image, 'MALFORMED', message, image.superblock.idIndex ?? 0)
}
