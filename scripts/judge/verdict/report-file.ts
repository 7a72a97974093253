// Files that a run leaves: written beside and renamed, so that a reader never sees half of one.
import { randomBytes } from 'node:crypto'
import { lstat, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '#harness/bytes/folder.ts'
import { UsageError } from '../usage-error.ts'

/** The path of the verdict, which `npm run ci:summary` and later readers use. */
export const REPORT_PATH = 'report/conformance.json'

/** UsageError when the file cannot be written: an older one is unchanged, and no temporary file remains. */
export async function writeWhole(path: string, text: string | Uint8Array): Promise<void> {
  const beside = besideOf(path)
  try {
    // A rename would put a file in the place of /dev/null.
    if (await isSpecial(path)) {
      await writeFile(path, text)
      return
    }
    await makeFolder(dirname(path))
    await writeFile(beside, text)
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw cannotWrite(path, cause)
  }
}

/**
 * A verdict that could not be reached, or is not reached yet, must not leave an older one in its place: that is FILE.old from
 * then on. UsageError where it can be neither moved nor removed.
 */
export async function setAside(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  const isMoved =
    found?.isFile() === true &&
    (await rename(path, `${path}.old`).then(
      () => true,
      () => false,
    ))
  if (!isMoved) await removeOld(path)
}

/** A name of its own for what becomes `path`: other writers of it may be in this very process. */
export function besideOf(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
}

async function removeOld(path: string): Promise<void> {
  if (await isSpecial(path)) return
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw cannotWrite(path, cause)
  })
}

/** True for a device, pipe or socket, also behind a symbolic link. */
export async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

function cannotWrite(path: string, cause: unknown): UsageError {
  return new UsageError(`the report ${path} cannot be written: ${(cause as Error).message}`, { cause })
}
