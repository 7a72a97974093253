// The superblock of squashfs 4.0: 96 bytes, little-endian. fs/squashfs/squashfs_fs.h, struct squashfs_super_block
const MAGIC = 0x73717368 // SQUASHFS_MAGIC, "hsqs"
export const SUPERBLOCK_SIZE = 96
/** SQUASHFS_INVALID_BLK: the table is not there. */
const ABSENT = 0xffff_ffff_ffff_ffffn

/** The bits of `flags` that mksquashfs and we set. */
export const FLAGS = {
  INODES_STORED: 0x0001,
  DATA_STORED: 0x0002,
  FRAGMENTS_STORED: 0x0008,
  NO_FRAGMENTS: 0x0010,
  ALWAYS_FRAGMENTS: 0x0020,
  DUPLICATES: 0x0040,
  EXPORTABLE: 0x0080,
  XATTRS_STORED: 0x0100,
  COMPRESSOR_OPTIONS: 0x0400,
} as const

export type Superblock = {
  readonly inodeCount: number
  readonly modificationTime: number
  readonly blockSize: number
  readonly fragmentCount: number
  readonly compression: number
  readonly flags: number
  readonly idCount: number
  readonly rootInode: number
  readonly bytesUsed: number
  readonly idTable: number
  readonly xattrTable: number | undefined
  readonly inodeTable: number
  readonly directoryTable: number
  readonly fragmentTable: number
  readonly exportTable: number
}

export function encodeSuperblock(superblock: Superblock): Buffer {
  const { xattrTable } = superblock
  const bytes = Buffer.alloc(SUPERBLOCK_SIZE)
  bytes.writeUInt32LE(MAGIC, 0) // 0 u32 s_magic
  bytes.writeUInt32LE(superblock.inodeCount, 4) // 4 u32 inodes
  bytes.writeUInt32LE(superblock.modificationTime, 8) // 8 u32 mkfs_time
  bytes.writeUInt32LE(superblock.blockSize, 12) // 12 u32 block_size
  bytes.writeUInt32LE(superblock.fragmentCount, 16) // 16 u32 fragments
  bytes.writeUInt16LE(superblock.compression, 20) // 20 u16 compression
  bytes.writeUInt16LE(Math.log2(superblock.blockSize), 22) // 22 u16 block_log
  bytes.writeUInt16LE(superblock.flags, 24) // 24 u16 flags
  bytes.writeUInt16LE(superblock.idCount, 26) // 26 u16 no_ids
  bytes.writeUInt16LE(4, 28) // 28 u16 s_major
  bytes.writeUInt16LE(0, 30) // 30 u16 s_minor
  bytes.writeBigUInt64LE(BigInt(superblock.rootInode), 32) // 32 u64 root_inode
  bytes.writeBigUInt64LE(BigInt(superblock.bytesUsed), 40) // 40 u64 bytes_used
  bytes.writeBigUInt64LE(BigInt(superblock.idTable), 48) // 48 u64 id_table_start
  bytes.writeBigUInt64LE(xattrTable === undefined ? ABSENT : BigInt(xattrTable), 56) // 56 u64 xattr_id_table_start
  bytes.writeBigUInt64LE(BigInt(superblock.inodeTable), 64) // 64 u64 inode_table_start
  bytes.writeBigUInt64LE(BigInt(superblock.directoryTable), 72) // 72 u64 directory_table_start
  bytes.writeBigUInt64LE(BigInt(superblock.fragmentTable), 80) // 80 u64 fragment_table_start
  bytes.writeBigUInt64LE(BigInt(superblock.exportTable), 88) // 88 u64 lookup_table_start
  return bytes
}
