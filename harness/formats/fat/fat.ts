// Reads a FAT32 volume, as firmware and the boot loader do: names without regard to case, the first of its tables.
import { CHUNK_SIZE, memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type Location } from '../../errors.ts'
import { FileTree, type FileEntry } from '../../fs/file-tree.ts'
import { FAT, readBootSector, type BootSector } from './boot-sector.ts'
import { Chains } from './chains.ts'
import { MAX_DIRECTORY_BYTES, readDirectory, type DirectoryEntry } from './directory.ts'

export type FatVolume = {
  readonly where: Location
  readonly boot: BootSector
  readonly label?: string
  /** Files and directories under the names as stored. */
  readonly tree: FileTree
  readonly freeBytes: number
  /** True if the second table has the bytes of the first, or there is none. */
  readonly tablesAgree: boolean
  /** True if the second boot sector has the bytes of the first, or there is none. */
  readonly bootSectorsAgree: boolean
}

/** An EFI partition of Talos has some ten. */
const MAX_ENTRIES = 4096
const MAX_DEPTH = 16
const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755

/**
 * The volume at the start of `source`: every chain is followed, no content is read. FormatError as of readBootSector and
 * readDirectory; MALFORMED for a chain that is a loop, is shared, or does not fit the size, and for two names, short
 * ones too, that differ in case alone; LIMIT_EXCEEDED above MAX_ENTRIES and MAX_DEPTH.
 */
export async function readFat(source: ByteSource): Promise<FatVolume> {
  const { where } = source
  const boot = await readBootSector(source)
  const { tableOffset, tableSize, tables, backupOffset, rootCluster } = boot
  const table = await source.read(tableOffset, tableSize)
  const chains = new Chains(source, boot, table)
  const entries: FileEntry[] = []
  let label: string | undefined
  const walk = async (cluster: number, path: string, depth: number): Promise<void> => {
    const at = path === '' ? where : memberLocation(where, path)
    if (depth > MAX_DEPTH) throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} nested directories`, at)
    const directory = await readDirectory(chains.directory(cluster, MAX_DIRECTORY_BYTES, at))
    if (path === '') label = directory.label
    const names = new Set<string>()
    for (const entry of directory.entries) {
      // EDK II (FatPkg, FatLocateDirEnt) takes the first entry whose long or short name it is.
      const own = [...new Set([entry.name.toLowerCase(), entry.shortName.toLowerCase()])]
      const taken = own.find((name) => names.has(name))
      if (taken !== undefined)
        throw fail('MALFORMED', `expected names, short ones too, that differ in more than case, got ${taken} twice`, at)
      for (const name of own) names.add(name)
      if (entries.length === MAX_ENTRIES) throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_ENTRIES} entries`, at)
      const found = toFileEntry(entry, path, where, chains)
      entries.push(found)
      if (entry.isDirectory) await walk(entry.cluster, found.path, depth + 1)
    }
  }
  await walk(rootCluster, '', 0)
  return {
    where,
    boot,
    ...(label !== undefined && { label }),
    tree: new FileTree(entries, where),
    freeBytes: chains.free * boot.clusterSize,
    tablesAgree: tables === 1 || (await equalsAt(source, tableOffset + tableSize, table)),
    bootSectorsAgree:
      backupOffset === undefined || (await equalsAt(source, backupOffset, await source.read(0, boot.sectorSize))),
  }
}

function toFileEntry(entry: DirectoryEntry, parent: string, where: Location, chains: Chains): FileEntry {
  const path = parent === '' ? entry.name : `${parent}/${entry.name}`
  const origin = memberLocation(where, path)
  const { isDirectory, mtime } = entry
  const common = { path, uid: 0, gid: 0, mtime, origin }
  if (isDirectory) return { ...common, type: 'directory', mode: DIRECTORY_MODE, size: 0 }
  const data = chains.file(entry.cluster, entry.size, origin)
  return { ...common, type: 'file', mode: FILE_MODE, size: entry.size, data }
}

async function equalsAt(source: ByteSource, offset: number, expected: Uint8Array): Promise<boolean> {
  for (let at = 0; at < expected.length; at += CHUNK_SIZE) {
    const wanted = expected.subarray(at, at + CHUNK_SIZE)
    if (Buffer.compare(await source.read(offset + at, wanted.length), wanted) !== 0) return false
  }
  return true
}

function fail(code: 'LIMIT_EXCEEDED' | 'MALFORMED', message: string, at: Location): FormatError {
  return new FormatError(FAT, code, message, { at })
}
