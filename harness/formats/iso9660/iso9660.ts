// Reads an ISO 9660 file system with Rock Ridge names, and the El Torito catalogue: ECMA-119, SUSP and RRIP 1.12,
// https://pdos.csail.mit.edu/6.828/2018/readings/boot-cdrom.pdf
import { Cursor } from '../../bytes/cursor.ts'
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'
import { FileTree, type FileEntry } from '../../fs/file-tree.ts'
import { lazy } from '../../lazy.ts'
import { bootEntries, type BootEntry } from './el-torito.ts'
import { ISO, parseRecord, SECTOR, type Extent } from './record.ts'

export type IsoVolume = {
  readonly where: Location
  readonly volumeId: string
  readonly volumeSetId: string
  /** Files and directories by their Rock Ridge names; reads all directories when first asked. */
  tree(): Promise<FileTree>
  readonly bootEntries: readonly BootEntry[]
  /** Types of the descriptors that nothing here is of: a second volume, or the same one in other names (Joliet is 2). */
  readonly otherDescriptors: readonly number[]
}

const FIRST_DESCRIPTOR = 16
const MAX_DESCRIPTORS = 16
const MAX_DIRECTORY_BYTES = 1 << 20
const MAX_ENTRIES = 4096
/** Limit for all directories together: those of Talos have some KiB. */
const MAX_TREE_BYTES = 32 << 20
const MAX_DEPTH = 16
const PRIMARY = 1
const BOOT_RECORD = 0
const END = 255
const MAGIC = 'CD001'

/**
 * The volume whose descriptors begin at sector 16 of `source`, from whose start its block numbers count; content is not read.
 * FormatError BAD_MAGIC without a descriptor, TRUNCATED, MALFORMED (a directory inside itself, a file beyond the end),
 * LIMIT_EXCEEDED.
 */
export async function readIso(source: ByteSource): Promise<IsoVolume> {
  const { where } = source
  let primary: Uint8Array | undefined
  let catalogue: number | undefined
  const otherDescriptors: number[] = []
  for (let index = 0; index < MAX_DESCRIPTORS; index++) {
    const sector = FIRST_DESCRIPTOR + index
    const bytes = await source.read(sector * SECTOR, SECTOR)
    const cursor = new Cursor(bytes, ISO, where, sector * SECTOR)
    const type = cursor.u8('type')
    if (Buffer.from(cursor.bytes(MAGIC.length)).toString('latin1') !== MAGIC)
      throw cursor.error('BAD_MAGIC', `expected ${MAGIC}, got other bytes`, 1)
    if (type === END) break
    if (type === PRIMARY && primary === undefined) primary = bytes
    else if (type === BOOT_RECORD && catalogue === undefined) catalogue = cursor.seek(0x47).u32le('catalogue')
    else otherDescriptors.push(type)
  }
  if (primary === undefined)
    throw new FormatError(ISO, 'MALFORMED', 'expected a primary descriptor, got none', { at: where })
  const text = (from: number, to: number): string =>
    Buffer.from(primary.subarray(from, to)).toString('latin1').trimEnd()
  const root = parseRecord(new Cursor(primary.subarray(156, 190), ISO, where, FIRST_DESCRIPTOR * SECTOR + 156))
  return {
    where,
    volumeId: text(40, 72),
    volumeSetId: text(190, 318),
    tree: lazy(() => readTree(source, root)),
    bootEntries: catalogue === undefined ? [] : await bootEntries(source, catalogue),
    otherDescriptors,
  }
}

async function readTree(source: ByteSource, root: Extent): Promise<FileTree> {
  const { where } = source
  const entries: FileEntry[] = []
  const seen = new Set<number>()
  const paths = new Set<string>()
  let treeBytes = 0
  const walk = async ({ sector, size }: Extent, path: string, depth: number): Promise<void> => {
    const at = path === '' ? where : memberLocation(where, path)
    if (seen.has(sector)) throw fail('MALFORMED', 'expected a directory of its own, got one that was read already', at)
    seen.add(sector)
    if (depth > MAX_DEPTH || size > MAX_DIRECTORY_BYTES)
      throw fail(
        'LIMIT_EXCEEDED',
        `expected at most ${MAX_DEPTH} nested directories of ${MAX_DIRECTORY_BYTES} bytes`,
        at,
      )
    treeBytes += size
    if (treeBytes > MAX_TREE_BYTES)
      throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_TREE_BYTES} bytes of directories`, at)
    const bytes = await source.read(sector * SECTOR, size)
    for (let offset = 0; offset < bytes.length;) {
      const length = bytes[offset] ?? 0
      if (length === 0) {
        // Records do not cross sectors: zeros fill up to the next one.
        offset = (Math.floor(offset / SECTOR) + 1) * SECTOR
        continue
      }
      const record = parseRecord(new Cursor(bytes.subarray(offset, offset + length), ISO, at, sector * SECTOR + offset))
      offset += length
      if (record.name === '\0' || record.name === '\u0001') continue
      if (entries.length === MAX_ENTRIES) throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_ENTRIES} entries`, at)
      const name = await record.readName(source)
      const found = path === '' ? name : `${path}/${name}`
      const origin = memberLocation(where, found)
      if (name === '' || name.includes('/')) throw fail('MALFORMED', 'expected a file name, got another text', at)
      if (paths.has(found))
        throw fail('MALFORMED', 'expected each name once: readers take the first, or the last', origin)
      paths.add(found)
      const common = { path: found, uid: 0, gid: 0, mtime: record.mtime, origin }
      if (record.isDirectory) {
        entries.push({ ...common, type: 'directory', mode: 0o755, size: 0 })
        await walk(record, found, depth + 1)
        continue
      }
      const data = source.slice(record.sector * SECTOR, record.size, origin)
      entries.push({ ...common, type: 'file', mode: 0o644, size: record.size, data })
    }
  }
  await walk(root, '', 0)
  return new FileTree(entries, where)
}

function fail(code: 'MALFORMED' | 'LIMIT_EXCEEDED', message: string, at: Location): FormatError {
  return new FormatError(ISO, code, message, { at })
}
