// Opening what a reference names on disk, with one clear sentence for what cannot be opened.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { FormatError, HarnessError, NotFoundError } from '../../errors.ts'

export type OpenFile = { readonly file: FileHandle; readonly size: number }

/** The regular file at `path`. NotFoundError MANIFEST_UNKNOWN where there is none, FormatError MALFORMED for others. */
export async function openFile(path: string, format: string): Promise<OpenFile> {
  return wrapErrors(path, format, async () => {
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (stats.isFile()) return { file, size: stats.size }
    await file.close()
    const got = stats.isDirectory() ? 'a folder' : 'a special file'
    throw new FormatError(format, 'MALFORMED', `expected a file, got ${got}`, { at: { path } })
  })
}

/** Runs `action`, with errors of the system as coded ones about `path`. */
export async function wrapErrors<T>(path: string, format: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    if (code === undefined || cause instanceof HarnessError) throw cause
    if (code === 'ENOENT')
      throw new NotFoundError('MANIFEST_UNKNOWN', `${format}: expected a file or a folder, got nothing`, {
        at: { path },
        cause,
      })
    throw new FormatError(format, 'MALFORMED', `cannot be opened: ${code}`, { at: { path }, cause })
  }
}
