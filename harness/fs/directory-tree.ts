// The file tree of a folder on disk. Symbolic links are entries like others, and never followed: not out of the folder
// and not within it. Special files are named, and never opened.
import { constants, type Stats } from 'node:fs'
import { lstat, open, opendir, readlink, realpath, type FileHandle } from 'node:fs/promises'
import { fileSource, makeSource, memberLocation, type ByteSource } from '../bytes/source.ts'
import { FormatError, NotFoundError, type FormatCode, type Location } from '../errors.ts'
import { decodeName, FileTree, type FileEntry, type FileType } from './file-tree.ts'

export type DirectoryTree = {
  readonly tree: FileTree
  /** Closes every file that was read; content must not be read afterwards. */
  close(): Promise<void>
}

/** An asset tree has some twenty files; every one that is read stays open. */
const MAX_ENTRIES = 10_000
/** Deeper than any asset tree, and well below what the system's own calls take. */
const MAX_DEPTH = 64

/**
 * Opens the folder `path`, which may itself be a symbolic link. NotFoundError BLOB_UNKNOWN where there is none;
 * FormatError MALFORMED for what is no folder, is empty or cannot be read, LIMIT_EXCEEDED for a tree beyond bounds.
 * Content that changes in size after this is TRUNCATED or cut.
 */
export async function openDirectoryTree(path: string): Promise<DirectoryTree> {
  const where = { path }
  const root = await wrapErrors(where, async () => Buffer.from(await realpath(path)))
  if (!(await wrapErrors(where, () => lstat(root))).isDirectory())
    throw error('MALFORMED', 'expected a folder, got something else', where)
  const files: FileHandle[] = []
  const entries: FileEntry[] = []
  for await (const entry of walk(root, '', where, 0, files)) {
    if (entries.length >= MAX_ENTRIES) throw tooMany(where)
    entries.push(entry)
  }
  if (entries.length === 0) throw error('MALFORMED', 'expected files, got an empty folder', where)
  const close = async (): Promise<void> => {
    await Promise.all(files.splice(0).map((file) => file.close()))
  }
  return { tree: new FileTree(entries, where), close }
}

/** Names are bytes on disk: what is no UTF-8 must still be found again. */
async function* walk(
  folder: Buffer,
  parent: string,
  where: Location,
  depth: number,
  files: FileHandle[],
): AsyncGenerator<FileEntry, void, void> {
  if (depth > MAX_DEPTH) throw error('LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} nested folders, got more`, where)
  for (const name of await wrapErrors(where, () => listNames(folder, where))) {
    const onDisk = Buffer.concat([folder, SLASH, name])
    const path = parent === '' ? decodeName(name) : `${parent}/${decodeName(name)}`
    const origin = memberLocation(where, path)
    const entry = await wrapErrors(origin, () => readEntry(onDisk, path, origin, files))
    yield entry
    if (entry.type === 'directory') yield* walk(onDisk, path, where, depth + 1, files)
  }
}

const SLASH = Buffer.from('/')

/** Names sorted by bytes, so that one folder gives one tree on every file system. */
async function listNames(folder: Buffer, where: Location): Promise<Buffer[]> {
  const names: Buffer[] = []
  // Node's types know only of names as text.
  const directory = await opendir(folder, { encoding: 'buffer' as BufferEncoding, bufferSize: 1024 })
  for await (const { name } of directory) {
    names.push(name as unknown as Buffer)
    if (names.length > MAX_ENTRIES) throw tooMany(where)
  }
  return names.toSorted((left, right) => left.compare(right))
}

async function readEntry(onDisk: Buffer, path: string, origin: Location, files: FileHandle[]): Promise<FileEntry> {
  const stats = await lstat(onDisk)
  const type = typeOf(stats)
  return {
    path,
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: type === 'file' ? stats.size : 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
    origin,
    ...(type === 'symlink' && { target: decodeName(await readlink(onDisk, { encoding: 'buffer' })) }),
    ...(type === 'file' && { data: lazyFile(onDisk, stats.size, origin, files) }),
  }
}

function typeOf(stats: Stats): FileType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isCharacterDevice()) return 'character'
  if (stats.isBlockDevice()) return 'block'
  return stats.isFIFO() ? 'fifo' : 'socket'
}

/** A file that is opened at its first byte. O_NOFOLLOW: it may have become a link in between. */
function lazyFile(onDisk: Buffer, size: number, where: Location, files: FileHandle[]): ByteSource {
  let opened: Promise<ByteSource> | undefined
  const openFile = async (): Promise<ByteSource> => {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await wrapErrors(where, () => open(onDisk, flags))
    files.push(file)
    return fileSource(file, size, where)
  }
  return makeSource(async (offset, length) => (await (opened ??= openFile())).read(offset, length), 0, size, where)
}

async function wrapErrors<T>(at: Location, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    if (code === undefined || cause instanceof FormatError) throw cause
    if (code === 'ENOENT')
      throw new NotFoundError('BLOB_UNKNOWN', 'expected a folder or a file in it, got nothing', { at, cause })
    throw new FormatError('folder', 'MALFORMED', `cannot be read: ${code}`, { at, cause })
  }
}

function tooMany(where: Location): FormatError {
  return error('LIMIT_EXCEEDED', `expected at most ${MAX_ENTRIES} files, got more`, where)
}

function error(code: FormatCode, message: string, at: Location): FormatError {
  return new FormatError('folder', code, message, { at })
}
