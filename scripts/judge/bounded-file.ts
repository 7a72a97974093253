// A file that the user names, read whole up to a limit.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { unreadable, UsageError } from './usage-error.ts'

/** UsageError for what cannot be read, is no regular file, or has more than `most` bytes. */
export async function readBounded(path: string, most: number): Promise<Uint8Array> {
  try {
    // A pipe that nobody writes to would be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new UsageError(`${path} is no file`)
      if (stat.size > most) throw new UsageError(`${path} has ${stat.size} bytes, more than the ${most} that are read`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw unreadable(path, error)
  }
}
