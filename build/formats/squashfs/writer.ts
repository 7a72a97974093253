// Writes squashfs 4.0 images as mksquashfs 4.6.1 lays them out; the same files and options give the same bytes.
// https://docs.kernel.org/filesystems/squashfs.html; https://github.com/plougher/squashfs-tools (mksquashfs.c)
import type { FileHandle } from 'node:fs/promises'
import { makeCompressor, type Compression } from './compressor.ts'
import { DataWriter, type FragmentPolicy, type StoredContent } from './data.ts'
import { checkRange, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE, squashfsError } from './limits.ts'
import { encodeTable } from './metadata.ts'
import { fileSink, memorySink, type Sink } from './sink.ts'
import { encodeSuperblock, FLAGS, SUPERBLOCK_SIZE } from './superblock.ts'
import { writeTables } from './tables.ts'
import { buildTree, type SquashFile, type TreeInode, type TreeNode } from './tree.ts'

export type { SquashFile } from './tree.ts'

export type SquashfsOptions = {
  readonly compression: Compression
  /** The compression level: 18 for zstd, 9 for gzip. */
  readonly level?: number | undefined
  /** 128 KiB; a power of two from 4 KiB to 1 MiB. */
  readonly blockSize?: number | undefined
  /** Seconds since 1970, in the superblock and for directories that had to be made. */
  readonly modificationTime: number
  /** 'small-files', as mksquashfs does by default. */
  readonly fragments?: FragmentPolicy | undefined
  /** Keep equal contents once (true). */
  readonly duplicates?: boolean | undefined
  /** Compress nothing (false), so that bytes can be compared and changed in place. */
  readonly stored?: boolean | undefined
  /** Blocks that are compressed at once; changes no byte. */
  readonly concurrency?: number | undefined
}

/** mksquashfs pads images to this, for loop devices. */
const PADDING = 4096
/** u16 size, with bit 15 for "stored", before the compressor's options. */
const STORED = 0x8000

/**
 * Writes an image into `file` from offset 0, and gives its size. Contents stream: memory holds a few blocks and the
 * metadata. FormatError MALFORMED, LIMIT_EXCEEDED or UNSUPPORTED for what a squashfs cannot hold.
 */
export function writeSquashfs(
  file: FileHandle,
  files: Iterable<SquashFile>,
  options: SquashfsOptions,
): Promise<number> {
  return writeTo(fileSink(file), files, options)
}

/** The same image in memory, for small trees. */
export async function encodeSquashfs(files: Iterable<SquashFile>, options: SquashfsOptions): Promise<Uint8Array> {
  const sink = memorySink()
  await writeTo(sink, files, options)
  return sink.bytes()
}

async function writeTo(sink: Sink, files: Iterable<SquashFile>, options: SquashfsOptions): Promise<number> {
  const {
    modificationTime,
    blockSize = 1 << 17,
    fragments = 'small-files',
    duplicates = true,
    stored = false,
  } = options
  checkRange('a modification time', modificationTime, 0xffff_ffff)
  if (blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE || !Number.isInteger(Math.log2(blockSize)))
    throw squashfsError('UNSUPPORTED', `expected a block size of 4 KiB … 1 MiB, a power of two, got ${blockSize}`)
  const compressor = makeCompressor(options)
  const { root, inodeCount } = buildTree(files, modificationTime)

  const compressorOptions = encodeCompressorOptions(compressor.options)
  await sink.write(compressorOptions, SUPERBLOCK_SIZE)
  const dataStart = SUPERBLOCK_SIZE + compressorOptions.length
  const data = new DataWriter(sink, dataStart, compressor, {
    blockSize,
    fragments,
    duplicates,
    concurrency: options.concurrency,
  })
  const contents = await addContents(root, data)
  const { end: inodeTable, fragmentCount, fragmentTable } = await data.finish()

  const tables = await writeTables(root, inodeCount, contents, compressor)
  const parts = [tables.inodes, tables.directories]
  let end = inodeTable + tables.inodes.length + tables.directories.length
  const starts: number[] = []
  for (const entries of [fragmentTable, tables.references, tables.ids]) {
    const table = await encodeTable(entries, end, compressor)
    starts.push(table.start)
    parts.push(table.bytes)
    end += table.bytes.length
  }
  const [fragmentStart = 0, exportTable = 0, idTable = 0] = starts
  const xattrs = await tables.xattrs.finish(end)
  if (xattrs !== undefined) parts.push(xattrs.bytes)
  const bytesUsed = end + (xattrs?.bytes.length ?? 0)
  await sink.write(Buffer.concat(parts), inodeTable)
  const superblock = encodeSuperblock({
    inodeCount,
    modificationTime,
    blockSize,
    fragmentCount,
    compression: compressor.id,
    flags: toFlags({ fragments, duplicates, stored, hasOptions: compressor.options !== undefined }),
    idCount: tables.ids.length / 4,
    rootInode: tables.rootInode,
    bytesUsed,
    idTable,
    xattrTable: xattrs?.start,
    inodeTable,
    directoryTable: inodeTable + tables.inodes.length,
    fragmentTable: fragmentStart,
    exportTable,
  })
  await sink.write(superblock, 0)
  // First down, then up: what duplicates left behind the end must read as zeros.
  const size = Math.ceil(bytesUsed / PADDING) * PADDING
  await sink.truncate(bytesUsed)
  await sink.truncate(size)
  return size
}

/** Contents in the order of names, each inode once. */
async function addContents(root: TreeNode, data: DataWriter): Promise<ReadonlyMap<TreeInode, StoredContent>> {
  const contents = new Map<TreeInode, StoredContent>()
  const visit = async ({ inode, children }: TreeNode): Promise<void> => {
    if (inode.file.type === 'file' && !contents.has(inode))
      contents.set(inode, await data.add(inode.file.data ?? new Uint8Array(0)))
    for (const child of children) await visit(child)
  }
  await visit(root)
  return contents
}

function encodeCompressorOptions(options: Uint8Array | undefined): Buffer {
  if (options === undefined) return Buffer.alloc(0)
  const header = Buffer.alloc(2)
  header.writeUInt16LE(options.length | STORED)
  return Buffer.concat([header, options])
}

type FlagFacts = {
  readonly fragments: FragmentPolicy
  readonly duplicates: boolean
  readonly stored: boolean
  readonly hasOptions: boolean
}

function toFlags({ fragments, duplicates, stored, hasOptions }: FlagFacts): number {
  const allStored = FLAGS.INODES_STORED | FLAGS.DATA_STORED | FLAGS.FRAGMENTS_STORED | FLAGS.XATTRS_STORED
  return (
    FLAGS.EXPORTABLE |
    (stored ? allStored : 0) |
    (fragments === 'none' ? FLAGS.NO_FRAGMENTS : 0) |
    (fragments === 'tail-ends' ? FLAGS.ALWAYS_FRAGMENTS : 0) |
    (duplicates ? FLAGS.DUPLICATES : 0) |
    (hasOptions ? FLAGS.COMPRESSOR_OPTIONS : 0)
  )
}
