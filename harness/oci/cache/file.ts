// Writing into the cache: under a name of its own, then renamed as a whole. Whoever is killed in between leaves a file
// that nobody reads, and two who write the same both come to a sound end.
import { randomBytes } from 'node:crypto'
import { open, rename, rm, utimes, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../../bytes/folder.ts'
import { fileSource, type ByteSource } from '../../bytes/source.ts'
import type { SpoolOptions } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import { bootId, describeFile } from './record.ts'

/** A file on its way into the cache. */
export type Incoming = {
  readonly file: FileHandle
  write(bytes: Uint8Array): Promise<void>
  /** Gives it its place and its record. Its bytes are what the place says: the caller has seen to it. */
  keep(path: string, record: string): Promise<void>
  /** Forgets it; nothing after `keep`. The file stays open until `close`. */
  drop(): Promise<void>
  close(): Promise<void>
}

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
export const TEMPORARY_FOLDER = 'tmp'

export async function beginFile(root: string): Promise<Incoming> {
  const path = await temporaryPath(root)
  const file = await open(path, 'wx+', FILE_MODE)
  let position = 0
  let kept = false
  return {
    file,
    async write(bytes) {
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position)
        written += bytesWritten
        position += bytesWritten
      }
    },
    async keep(target, record) {
      if ((await bootId()) === '') await file.datasync()
      const described = await describeFile(await file.stat({ bigint: true }))
      await makeFolder(dirname(target), FOLDER_MODE)
      await rename(path, target)
      kept = true
      await writeWhole(root, record, JSON.stringify(described))
    },
    async drop() {
      if (!kept) await rm(path, { force: true })
    },
    close: () => file.close(),
  }
}

/** Writes a stream into a file of the cache as it passes; LIMIT_EXCEEDED as soon as it passes `maxBytes`. */
export async function spoolTar(
  incoming: Incoming,
  chunks: AsyncIterable<Uint8Array>,
  { where, maxBytes, format }: SpoolOptions,
): Promise<ByteSource> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > maxBytes)
      throw new FormatError(format, 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got more`, { at: where })
    await incoming.write(chunk)
  }
  return fileSource(incoming.file, size, where)
}

/** A small file at once. */
export async function writeWhole(root: string, target: string, text: string | Uint8Array): Promise<void> {
  const path = await temporaryPath(root)
  try {
    await writeFile(path, text, { flag: 'wx', mode: FILE_MODE })
    await makeFolder(dirname(target), FOLDER_MODE)
    await rename(path, target)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Notes that something was used now, for `prune`; what cannot be noted is no harm. */
export async function touch(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch(() => undefined)
}

async function temporaryPath(root: string): Promise<string> {
  const folder = join(root, TEMPORARY_FOLDER)
  await makeFolder(folder, FOLDER_MODE)
  return join(folder, `${process.pid}-${randomBytes(12).toString('hex')}`)
}
