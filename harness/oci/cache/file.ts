// Files of the cache and the records of when their bytes were last hashed. A file is written under a temporary name and
// renamed as a whole: a killed process leaves only a temporary file, and two that write the same content both succeed.
import { randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../../bytes/folder.ts'
import { writeAll } from '../../bytes/file.ts'
import { fileSource, type ByteSource } from '../../bytes/source.ts'
import type { SpoolOptions } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import type { Seal } from './key.ts'
import { areaFolder, FOLDER_MODE, MARKER, MARKER_TEXT } from './layout.ts'

/** A file that is being written into the cache. */
export type Incoming = {
  /** Its path until it is kept. */
  readonly path: string
  write(bytes: Uint8Array): Promise<void>
  /** Writes a whole stream and gives it back as a source; LIMIT_EXCEEDED as soon as it passes `maxBytes`. */
  take(chunks: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<ByteSource>
  /** Renames it to `path` and writes its record. The caller has verified that its bytes are those of `path`. */
  keep(path: string, record: string): Promise<void>
  /** Removes it; does nothing after `keep`. The file stays open until `close`. */
  drop(): Promise<void>
  close(): Promise<void>
}

const FILE_MODE = 0o600

export async function beginFile(root: string, seal: () => Promise<Seal | undefined>): Promise<Incoming> {
  const path = temporaryPath(root)
  const file = await inCache(root, () => open(path, 'wx+', FILE_MODE))
  let position = 0
  let kept = false
  const write = async (bytes: Uint8Array): Promise<void> => {
    await writeAll(file, bytes, position)
    position += bytes.length
  }
  return {
    path,
    write,
    async take(chunks, { where, maxBytes, format }) {
      const start = position
      for await (const chunk of chunks) {
        if (position - start + chunk.length > maxBytes)
          throw new FormatError(format, 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got more`, { at: where })
        await write(chunk)
      }
      return fileSource(file, position, where).slice(start, position - start)
    },
    async keep(target, record) {
      if ((await bootId()) === '') await file.datasync()
      await moveTo(path, target)
      kept = true
      // Only now: a new name changes the time that no user can set.
      await writeRecord(root, record, await describeFile(await file.stat({ bigint: true })), await seal())
    },
    async drop() {
      if (!kept) await rm(path, { force: true })
    },
    close: () => file.close(),
  }
}

/** Writes a small file as a whole. */
export async function writeDocument(root: string, target: string, text: string | Uint8Array): Promise<void> {
  const path = temporaryPath(root)
  try {
    await inCache(root, () => writeFile(path, text, { flag: 'wx', mode: FILE_MODE }))
    await moveTo(path, target)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Sets the time of last use, which `prune` goes by; does nothing where it cannot be set. */
export async function touch(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch(() => undefined)
}

function temporaryPath(root: string): string {
  return join(areaFolder(root, 'tmp'), `${process.pid}-${randomBytes(12).toString('hex')}`)
}

/** Caches that this process has begun. */
const begun = new Set<string>()

/** Makes a file in the area for temporary ones; the folders and the mark come first, and again where somebody removed them. */
async function inCache<T>(root: string, make: () => Promise<T>): Promise<T> {
  const isBegun = begun.has(root)
  if (!isBegun) await beginCache(root)
  try {
    return await make()
  } catch (error) {
    if (!isBegun || !isMissing(error)) throw error
    await beginCache(root)
    return await make()
  }
}

async function beginCache(root: string): Promise<void> {
  await makeFolder(root, FOLDER_MODE)
  await markCache(root)
  await makeFolder(areaFolder(root, 'tmp'), FOLDER_MODE)
  begun.add(root)
}

/** Renames a file; the folder of its new name is nearly always there. */
async function moveTo(path: string, target: string): Promise<void> {
  try {
    await rename(path, target)
  } catch (error) {
    if (!isMissing(error)) throw error
    await makeFolder(dirname(target), FOLDER_MODE)
    await rename(path, target)
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Says what the folder is, once; the text is whole or absent. */
async function markCache(root: string): Promise<void> {
  await writeFile(join(root, MARKER), MARKER_TEXT, { flag: 'wx', mode: FILE_MODE }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
}

/**
 * Facts of a file of the cache at the time its bytes were last hashed; while they are the same, so are the bytes. Sizes
 * and times in nanoseconds; `changed` is the time of the last change of the inode, which only the kernel sets.
 */
export type FileRecord = {
  readonly size: number
  readonly modified: string
  readonly changed: string
  readonly inode: string
  readonly boot: string
}

const recordSchema = z.strictObject({
  size: z.int().nonnegative(),
  modified: z.string(),
  changed: z.string(),
  inode: z.string(),
  boot: z.string(),
  seal: z.string(),
})

/** Writes nothing where there is no seal: it would not be trusted. */
export async function writeRecord(
  root: string,
  path: string,
  record: FileRecord,
  seal: Seal | undefined,
): Promise<void> {
  if (seal === undefined) return
  await writeDocument(root, path, JSON.stringify({ ...record, seal: seal.make(sealed(path, record)) }))
}

/** Reads a record; undefined for a file that is no record of this user; the content is then hashed again. */
export async function readRecord(path: string, seal: Seal | undefined): Promise<FileRecord | undefined> {
  if (seal === undefined) return undefined
  try {
    const { seal: got, ...record } = recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    return seal.holds(sealed(path, record), got) ? record : undefined
  } catch {
    return undefined
  }
}

/** A record is of one file: under another name it holds no more. */
function sealed(path: string, { size, modified, changed, inode, boot }: FileRecord): string {
  return JSON.stringify(['record', path, size, modified, changed, inode, boot])
}

/** The record of a file as it is now. */
export async function describeFile({ size, mtimeNs, ctimeNs, ino }: BigIntStats): Promise<FileRecord> {
  return {
    size: Number(size),
    modified: String(mtimeNs),
    changed: String(ctimeNs),
    inode: String(ino),
    boot: await bootId(),
  }
}

export function isSameFile(record: FileRecord | undefined, now: FileRecord): boolean {
  return record !== undefined && (Object.keys(now) as (keyof FileRecord)[]).every((name) => record[name] === now[name])
}

let boot: Promise<string> | undefined

/**
 * The id of the machine's current start. Files are not flushed to the disk before they are renamed, which would be
 * slow; after a crash of the machine they may have the right size and the wrong bytes, so after a start each is hashed
 * once. '' where there is no such id: there files are flushed.
 */
function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  return boot
}
