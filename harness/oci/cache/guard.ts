// The check that a folder may be used as the cache: files are removed from it, so that it must be ours and nothing else.
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError } from '../../errors.ts'
import { AREAS, areaFolder, MARKER, MARKER_TEXT, type Area } from './layout.ts'

/** Subfolders that are made before anything is cached. */
const BEFORE_MARKER: readonly string[] = ['descriptions', 'spool', 'tuf'] satisfies readonly Area[]

/**
 * True if there is a cache in `root`; false where there is no folder, or an empty one, which may become one. FormatError
 * `cache` MALFORMED for a folder of something else, for areas that are links or no folders, and for one of another user.
 */
export async function assertCache(root: string): Promise<boolean> {
  const names: readonly string[] = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of (Object.keys(AREAS) as Area[]).filter((one) => names.includes(one))) {
    const found = await lstat(areaFolder(root, name))
    if (!found.isDirectory() || !isOurs(found.uid))
      throw refused(root, `expected ${name} to be a folder of this user, got ${describe(found)}`)
  }
  if (names.includes(MARKER)) {
    const path = join(root, MARKER)
    const found = await lstat(path)
    if (found.isFile() && isOurs(found.uid) && (await readFile(path, 'utf8')) === MARKER_TEXT) return true
    throw refused(root, `expected ${MARKER} to be as this suite writes it, got ${describe(found)}`)
  }
  const other = names.find((name) => !BEFORE_MARKER.includes(name))
  if (other !== undefined) throw refused(root, `expected an empty folder or a cache of this suite, got ${other} in it`)
  return false
}

/** True if only this user may write in the folder: only then what is in it may be as we left it. */
export async function isOursAlone(root: string): Promise<boolean> {
  const found = await lstat(root).catch(() => undefined)
  return found !== undefined && found.isDirectory() && isOurs(found.uid) && (found.mode & 0o022) === 0
}

function isOurs(uid: number): boolean {
  return process.getuid === undefined || process.getuid() === uid
}

function describe(found: Awaited<ReturnType<typeof lstat>>): string {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (!found.isDirectory() && !found.isFile()) return 'something else'
  return `${found.isFile() ? 'a file' : 'a folder'} of user ${found.uid}`
}

function refused(root: string, message: string): FormatError {
  return new FormatError('cache', 'MALFORMED', `${message}: give an empty folder with --cache`, { at: { path: root } })
}
