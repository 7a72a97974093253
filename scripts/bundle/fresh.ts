// Whether the bundle of the commands is of the modules that are there now; asked before every command (scripts/preload.mjs).
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Files of the bundle, below the project. */
export const BUNDLE_FOLDER = 'node_modules/.cache/talos-image-contract-bundle'
/** Written last: a bundle without one is none. */
export const MANIFEST = 'bundle.json'
/** The spec files, which nothing imports by name. */
export const SPECS = 'specs/**/*.spec.ts'

export type BundleManifest = {
  /** Folder of the project, and version of the Node, that it was made by. */
  readonly root: string
  readonly node: string
  /** Module to start, below BUNDLE_FOLDER. */
  readonly entry: string
  /** Own modules and data, the list of installed packages, and what was made of them; paths below the project. */
  readonly files: readonly (readonly [path: string, times: string | undefined, sha256: string | undefined])[]
  /** Every folder that a spec file may be in. */
  readonly folders: readonly (readonly [path: string, times: string | undefined])[]
}

/**
 * The module that takes the place of scripts/talos-image.ts, as a path; undefined where there is no whole bundle, or where one of
 * its modules, the list of installed packages or Node is another than it was made of. A file that was not touched since is believed
 * from its times, as git does; of any other the bytes are compared.
 */
export function freshBundle(root: string): string | undefined {
  const folder = join(root, BUNDLE_FOLDER)
  try {
    const manifest = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as BundleManifest
    return isFresh(root, manifest) ? join(folder, manifest.entry) : undefined
  } catch {
    return undefined
  }
}

function isFresh(root: string, { root: own, node, files, folders }: BundleManifest): boolean {
  if (own !== root || node !== process.versions.node) return false
  if (!files.every(([path, ...recorded]) => isSame(join(root, path), recorded))) return false
  if (folders.every(([path, times]) => timesOf(join(root, path)) === times)) return true
  const specs = files.map(([path]) => path).filter((path) => path.endsWith('.spec.ts'))
  return globSync(SPECS, { cwd: root }).toSorted().join() === specs.toSorted().join()
}

function isSame(path: string, [times, sha256]: readonly (string | undefined)[]) {
  return timesOf(path) === times || sha256Of(path) === sha256
}

/** What changes whenever a file or a folder does; undefined where there is none. */
export function timesOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`
}

/** SHA-256 of a file in hex; undefined where it cannot be read. */
export function sha256Of(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return undefined
  }
}
