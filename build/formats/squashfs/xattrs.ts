// Extended attributes: names and values, and the table of sets that inodes name by number.
// https://docs.kernel.org/filesystems/squashfs.html (3.8); fs/squashfs/squashfs_fs.h, struct squashfs_xattr_*
import type { Compressor } from './compressor.ts'
import { MAX_XATTR_NAME, MAX_XATTR_VALUE, squashfsError } from './limits.ts'
import { encodeIndex, MetadataWriter, toReference } from './metadata.ts'

/** The inode has no attributes: SQUASHFS_INVALID_XATTR. */
export const NO_XATTRS = 0xffff_ffff

/** The namespaces that have a number; a name is stored without its namespace. */
const PREFIXES = ['user.', 'trusted.', 'security.'] as const
/** SQUASHFS_XATTR_VALUE_OOL: a reference is where the value would be. */
const OUT_OF_LINE = 0x0100
/** mksquashfs shares values that are longer than this. */
const MAX_REPEATED_VALUE = 128

export class XattrWriter {
  readonly #compressor: Compressor
  readonly #pairs: MetadataWriter
  readonly #sets: Buffer[] = []
  readonly #known = new Map<string, number>()
  readonly #values = new Map<string, number>()

  constructor(compressor: Compressor) {
    this.#compressor = compressor
    this.#pairs = new MetadataWriter(compressor)
  }

  /**
   * The number of a set of attributes. FormatError UNSUPPORTED for a namespace that squashfs cannot express,
   * LIMIT_EXCEEDED for names and values beyond Linux's.
   */
  async add(xattrs: ReadonlyMap<string, Uint8Array> | undefined, path: string): Promise<number> {
    if (xattrs === undefined || xattrs.size === 0) return NO_XATTRS
    const sorted = [...xattrs].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const key = JSON.stringify(sorted.map(([name, value]) => [name, Buffer.from(value).toString('base64')]))
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const reference = toReference(this.#pairs.position)
    let size = 0
    for (const [name, value] of sorted) {
      await this.#addPair(name, value, path)
      size += Buffer.byteLength(name) + 1 + value.length
    }
    const set = Buffer.alloc(16)
    set.writeBigUInt64LE(BigInt(reference), 0) // 0 u64 xattr: reference to the first pair
    set.writeUInt32LE(sorted.length, 8) // 8 u32 count
    set.writeUInt32LE(size, 12) // 12 u32 size: names with their NUL, and values
    this.#known.set(key, this.#sets.length)
    return this.#sets.push(set) - 1
  }

  /** The tables as they are at `base`, and where the header is that the superblock names; undefined without sets. */
  async finish(base: number): Promise<{ readonly bytes: Buffer; readonly start: number } | undefined> {
    if (this.#sets.length === 0) return undefined
    const pairs = await this.#pairs.finish()
    const table = new MetadataWriter(this.#compressor)
    await table.append(Buffer.concat(this.#sets))
    const sets = await table.finish()
    const header = Buffer.alloc(16)
    header.writeBigUInt64LE(BigInt(base), 0) // 0 u64 xattr_table_start: the pairs
    header.writeUInt32LE(this.#sets.length, 8) // 8 u32 xattr_ids; 12 u32 unused
    const setsBase = base + pairs.bytes.length
    return {
      bytes: Buffer.concat([pairs.bytes, sets.bytes, header, encodeIndex(sets.starts, setsBase)]),
      start: setsBase + sets.bytes.length,
    }
  }

  async #addPair(fullName: string, value: Uint8Array, path: string): Promise<void> {
    const namespace = PREFIXES.findIndex((prefix) => fullName.startsWith(prefix) && fullName.length > prefix.length)
    if (namespace < 0)
      throw squashfsError('UNSUPPORTED', `expected an attribute of ${PREFIXES.join(' or ')}, got ${fullName}`, path)
    if (Buffer.byteLength(fullName) > MAX_XATTR_NAME || value.length > MAX_XATTR_VALUE)
      throw squashfsError(
        'LIMIT_EXCEEDED',
        `expected an attribute of at most ${MAX_XATTR_NAME} and ${MAX_XATTR_VALUE} bytes, got ${fullName} of ${value.length}`,
        path,
      )
    const name = Buffer.from(fullName.slice(PREFIXES[namespace]?.length))
    const valueKey = Buffer.from(value).toString('base64')
    const shared = value.length > MAX_REPEATED_VALUE ? this.#values.get(valueKey) : undefined
    const head = Buffer.alloc(4)
    head.writeUInt16LE(namespace | (shared === undefined ? 0 : OUT_OF_LINE), 0) // 0 u16 type
    head.writeUInt16LE(name.length, 2) // 2 u16 size of the name, which follows
    await this.#pairs.append(Buffer.concat([head, name]))
    if (shared === undefined) this.#values.set(valueKey, toReference(this.#pairs.position))
    await this.#pairs.append(shared === undefined ? encodeValue(value) : encodeValueReference(shared))
  }
}

function encodeValue(value: Uint8Array): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(value.length, 0) // 0 u32 vsize, then the value
  return Buffer.concat([size, value])
}

function encodeValueReference(reference: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32LE(8, 0) // 0 u32 vsize
  bytes.writeBigUInt64LE(BigInt(reference), 4) // 4 u64 reference to the vsize of the value
  return bytes
}
