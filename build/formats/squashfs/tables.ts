// The inode and directory tables, written from the leaves up: a listing names inodes, a directory's inode its listing.
import type { Compressor } from './compressor.ts'
import type { StoredContent } from './data.ts'
import { encodeListing, type ListedInode } from './directory.ts'
import {
  encodeDirectoryInode,
  encodeFileInode,
  encodeSpecialInode,
  encodeSymlinkInode,
  type DirectoryFields,
  type IndexBlock,
  type InodeHead,
} from './inodes.ts'
import { MAX_IDS, squashfsError } from './limits.ts'
import { MetadataWriter, toReference } from './metadata.ts'
import type { TreeInode, TreeNode } from './tree.ts'
import { XattrWriter } from './xattrs.ts'

export type Tables = {
  readonly inodes: Buffer
  readonly directories: Buffer
  readonly rootInode: number
  /** A u64 reference for each inode number from 1: the export table's entries. */
  readonly references: Buffer
  /** u32 each. */
  readonly ids: Buffer
  readonly xattrs: XattrWriter
}

export async function writeTables(
  root: TreeNode,
  inodeCount: number,
  contents: ReadonlyMap<TreeInode, StoredContent>,
  compressor: Compressor,
): Promise<Tables> {
  const inodes = new MetadataWriter(compressor)
  const directories = new MetadataWriter(compressor)
  const xattrs = new XattrWriter(compressor)
  const references = Buffer.alloc(inodeCount * 8)
  const ids = new Map<number, number>()

  const idIndex = (id: number, path: string): number => {
    const index = ids.get(id) ?? ids.size
    if (index >= MAX_IDS) throw squashfsError('LIMIT_EXCEEDED', `expected at most ${MAX_IDS} owners, got more`, path)
    ids.set(id, index)
    return index
  }
  const write = async ({ inode, children }: TreeNode, parent: number): Promise<number> => {
    if (inode.reference !== undefined) return inode.reference
    const { file, number, links } = inode
    const listed: ListedInode[] = []
    for (const child of children)
      listed.push({
        name: child.name,
        type: child.inode.file.type,
        number: child.inode.number,
        reference: await write(child, number),
      })
    const head: InodeHead = {
      mode: file.mode,
      uidIndex: idIndex(file.uid, file.path),
      gidIndex: idIndex(file.gid, file.path),
      mtime: file.mtime,
      number,
      links,
      xattrs: await xattrs.add(file.xattrs, file.path),
    }
    const directory = file.type === 'directory' ? await appendListing(directories, listed) : undefined
    const reference = toReference(inodes.position)
    await inodes.append(
      directory === undefined
        ? encodeLeaf(inode, head, contents)
        : encodeDirectoryInode(head, { ...directory, parent }),
    )
    inode.reference = reference
    references.writeBigUInt64LE(BigInt(reference), (number - 1) * 8)
    return reference
  }

  // The root has no parent; mksquashfs names the number after the last.
  const rootInode = await write(root, inodeCount + 1)
  const idTable = Buffer.alloc(ids.size * 4)
  for (const [id, index] of ids) idTable.writeUInt32LE(id, index * 4)
  return {
    inodes: (await inodes.finish()).bytes,
    directories: (await directories.finish()).bytes,
    rootInode,
    references,
    ids: idTable,
    xattrs,
  }
}

type WrittenListing = Omit<DirectoryFields, 'parent'>

/** Appends a listing; its index needs the metadata block that each indexed run begins in. */
async function appendListing(directories: MetadataWriter, entries: readonly ListedInode[]): Promise<WrittenListing> {
  const { bytes, index, long } = encodeListing(entries)
  const { block, offset } = directories.position
  const blocks: IndexBlock[] = []
  let done = 0
  for (const { position, name } of index) {
    await directories.append(bytes.subarray(done, position))
    blocks.push({ position, block: directories.position.block, name })
    done = position
  }
  await directories.append(bytes.subarray(done))
  return { block, offset, listingSize: bytes.length, long, index: blocks }
}

function encodeLeaf(inode: TreeInode, head: InodeHead, contents: ReadonlyMap<TreeInode, StoredContent>): Buffer {
  const { type, path, target = '', device } = inode.file
  if (type === 'symlink') return encodeSymlinkInode(head, Buffer.from(target))
  if (type !== 'file' && type !== 'directory') return encodeSpecialInode(type, head, device)
  const content = contents.get(inode)
  if (content === undefined) throw squashfsError('MALFORMED', `expected the content of a ${type}, got none`, path)
  return encodeFileInode(head, content, inode.file.sparse === true ? content.sparse : 0)
}
