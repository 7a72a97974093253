// The files of a person's own repository, found from the current folder upwards: contract, lock and waivers.
import { existsSync, statSync, type Stats } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UsageError } from '../usage-error.ts'

export const OWN_CONTRACT = 'talos-image.yaml'
export const OWN_LOCK = 'talos-image.lock.json'
export const OWN_WAIVERS = 'waivers.yaml'

/** Paths relative to the current folder; each absent where there is none. */
export type OwnFiles = { readonly contract?: string; readonly lock?: string; readonly waivers?: string }

/**
 * The nearest contract, the nearest lock, and the waivers beside that contract. The search ends at the root of the
 * repository, the folder with `.git`; outside of a repository only the current folder counts. UsageError for a file in a
 * folder that others can write: it would decide in the place of the user.
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

function assertOwn(path: string): void {
  const uid = process.getuid?.()
  if (uid === undefined) return
  const wrong = [dirname(path), path].find((one) => isOfOthers(statSync(one), uid))
  if (wrong !== undefined)
    throw new UsageError(
      `${path} is not taken by itself: others can write in ${wrong} (chmod go-w), or it is not yours; name the file with --contract, --lock or --waivers where that is right`,
    )
}

/** The group of a user alone has the user's number, by convention. */
function isOfOthers({ uid: owner, gid, mode }: Stats, uid: number): boolean {
  if (owner !== uid && owner !== 0) return true
  return (mode & OTHERS_MAY_WRITE) !== 0 || ((mode & GROUP_MAY_WRITE) !== 0 && gid !== uid)
}
