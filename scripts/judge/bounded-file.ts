// A file that the user names, read whole up to a limit.
import { open } from 'node:fs/promises'
import { UsageError } from './usage-error.ts'

/** UsageError for what cannot be read, is no regular file, or has more than `most` bytes. */
export async function readBounded(path: string, most: number): Promise<Uint8Array> {
  try {
    const file = await open(path)
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
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
