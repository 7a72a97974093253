// The files of a person's own repository, found from the current folder upwards: contract, lock and waivers.
import { existsSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UsageError } from '../usage-error.ts'

export const OWN_CONTRACT = 'talos-image.yaml'
export const OWN_LOCK = 'talos-image.lock.json'
export const OWN_WAIVERS = 'waivers.yaml'

/** Paths relative to the current folder; each absent where there is none. */
export type OwnFiles = { readonly contract?: string; readonly lock?: string; readonly waivers?: string }

/**
 * The nearest contract, the nearest lock, and the waivers beside that contract. The search ends at the root of the
 * repository, the folder with `.git`; outside of a repository only the current folder counts. UsageError for a file
 * that others can write, or replace in any folder above it: it would decide in the place of the user.
 */
export function findOwnFiles(from: string = process.cwd()): OwnFiles {
  const folders = foldersUp(from)
  const [contract, lock] = [nearest(folders, OWN_CONTRACT), nearest(folders, OWN_LOCK)]
  const beside = contract === undefined ? undefined : join(dirname(contract), OWN_WAIVERS)
  const waivers = beside !== undefined && existsSync(beside) ? beside : undefined
  const found = { contract, lock, waivers }
  for (const path of [contract, lock, waivers]) if (path !== undefined) assertOwn(path)
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, path]) => (path === undefined ? [] : [[name, relative(from, path)]])),
  )
}

/** `from` and what is above it, up to the root of the repository. */
function foldersUp(from: string): readonly string[] {
  const folders = [resolve(from)]
  for (;;) {
    const last = folders.at(-1) ?? ''
    if (existsSync(join(last, '.git'))) return folders
    const above = dirname(last)
    if (above === last) return folders.slice(0, 1)
    folders.push(above)
  }
}

function nearest(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

const OTHERS_MAY_WRITE = 0o002
const GROUP_MAY_WRITE = 0o020
/** In such a folder, as /tmp, only who owns a file moves it. */
const STICKY = 0o1000

/**
 * As StrictModes of sshd: who may write in a folder anywhere above the file moves what is below away and puts something
 * else there. The target of a symbolic link is held, too.
 */
function assertOwn(path: string): void {
  const uid = process.getuid?.()
  if (uid === undefined) return
  const target = realpathSync(path)
  const all = new Set([path, target, ...allAbove(path), ...allAbove(target)])
  for (const one of all) {
    const reason = reasonAgainst(one, statSync(one), uid)
    if (reason !== undefined)
      throw new UsageError(
        `${path} is not taken by itself: ${reason}; name the file with --contract, --lock or --waivers where that is right`,
      )
  }
}

function allAbove(path: string): readonly string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...allAbove(above)]
}

/** Why it is not ours alone; undefined where it is. The group of a user alone has the user's number, by convention. */
function reasonAgainst(path: string, stats: Stats, uid: number): string | undefined {
  const { uid: owner, gid, mode } = stats
  if (owner !== uid && owner !== 0) return `${path} is owned by uid ${owner} (you are ${uid})`
  const isOpen = (mode & OTHERS_MAY_WRITE) !== 0 || ((mode & GROUP_MAY_WRITE) !== 0 && gid !== uid)
  if (!isOpen || (stats.isDirectory() && (mode & STICKY) !== 0)) return undefined
  return `others can write in ${path} (chmod go-w ${path})`
}
