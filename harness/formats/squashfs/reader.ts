// A squashfs 4.0 image as a tree of files: https://dr-emann.github.io/squashfs/, linux fs/squashfs.
import { factOf } from '../../bytes/identity.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { lazy } from '../../lazy.ts'
import { readForm, type SquashfsForm } from './form.ts'
import { MAX_CONTENT_BYTES, type ContentAllowance, type Image, type Stats } from './image.ts'
import { parseSuperblock, SUPERBLOCK_SIZE, type Superblock } from './superblock.ts'
import { readEntries, type SquashfsEntry } from './tree.ts'
import { readXattrHeader } from './xattrs.ts'

export { MAX_CONTENT_BYTES, type ContentAllowance } from './image.ts'

export type { SquashfsEntry } from './tree.ts'

export type Squashfs = Omit<
  Superblock,
  'rootInode' | 'inodeTable' | 'directoryTable' | 'idIndex' | 'fragmentIndex' | 'exportIndex' | 'xattrIndex'
> & {
  readonly source: ByteSource
  readonly where: Location
  /** Distinct sets of extended attributes. */
  readonly xattrIds: number
  /** Every entry with inode number, links and device, the root first, each directory before what is in it. */
  entries(): Promise<readonly SquashfsEntry[]>
  /** The same as a tree. File contents are decoded when they are read; hard links share one `data`. */
  tree(): Promise<FileTree>
  /** Differences from mksquashfs' form; errors as of `entries`. */
  form(): Promise<SquashfsForm>
  /** Counts up while the image is read. Reading every inode once, in this order, decodes each block once. */
  readonly stats: Readonly<Stats>
}

/**
 * Opens an image by its superblock; whatever follows `bytesUsed` (mksquashfs pads to 4 KiB) is not looked at.
 * FormatError TRUNCATED, BAD_MAGIC, UNSUPPORTED (version, unknown compressor) or MALFORMED. An image in xz, lzo, lz4 or
 * lzma opens; entries and contents are UNSUPPORTED as soon as something compressed is needed. Errors inside a decoded
 * table are located in it: `0.sqsh!inode table`, with the offset in decoded bytes.
 */
export async function openSquashfs(
  source: ByteSource,
  allowance: ContentAllowance = { contentBytes: MAX_CONTENT_BYTES },
): Promise<Squashfs> {
  const head = await source.read(0, Math.min(SUPERBLOCK_SIZE, source.size))
  const superblock = parseSuperblock(head, source.size, source.where)
  const stats: Stats = { blocksDecoded: 0, metadataBlocksDecoded: 0 }
  const image: Image = { source, superblock, stats, allowance }
  const xattrs = await readXattrHeader(image)
  const entries = lazy(() => readEntries(image, xattrs))
  return {
    version: superblock.version,
    compression: superblock.compression,
    blockSize: superblock.blockSize,
    blockLog: superblock.blockLog,
    inodeCount: superblock.inodeCount,
    fragmentCount: superblock.fragmentCount,
    idCount: superblock.idCount,
    bytesUsed: superblock.bytesUsed,
    flags: superblock.flags,
    modificationTime: superblock.modificationTime,
    xattrIds: xattrs.idCount,
    source,
    where: source.where,
    stats,
    entries,
    // Its files have been paid for by `entries`.
    form: lazy(() =>
      factOf(source, 'squashfs form', () =>
        readForm({ ...image, allowance: { contentBytes: Number.POSITIVE_INFINITY } }, xattrs),
      ),
    ),
    tree: lazy(async () => new FileTree(await entries(), source.where)),
  }
}
