// A board's overlay: what imager takes out of its image, and how it stands in a layer of the installer (siderolabs/talos
// pkg/imager/out.go and filemap.go, pkg/archiver/untar.go; constants ImagerOverlay*). Read at v1.11.5 and v1.14.0-rc.1.
import { createHash } from 'node:crypto'
import { sha256Hex } from '../bytes/digest.ts'
import type { ByteSource } from '../bytes/source.ts'
import { NotFoundError } from '../errors.ts'
import type { FileEntry, FileTree } from '../fs/file-tree.ts'

const ARTIFACTS = 'artifacts'
const INSTALLERS = 'installers'
/** The folder in an installer image. */
export const OVERLAY_FOLDER = 'overlay'
/** The program that the installer runs for the board. */
export const OVERLAY_INSTALLER = `${INSTALLERS}/default`
/** The options of the contract, as YAML. */
export const OVERLAY_OPTIONS = 'extra-options'
/** untar makes folders accessible to their owner. */
const OF_OWNER = 0o700

export type OverlayEntry = {
  /** Path below `overlay/` of the installer. */
  readonly path: string
  readonly type: 'file' | 'directory'
  /** Permissions. */
  readonly mode: number
  readonly data?: ByteSource
}

/** Names of the installers that an overlay's image has, sorted. */
export function overlayInstallers(tree: FileTree): readonly string[] {
  return tree
    .children(INSTALLERS)
    .filter(({ type }) => type !== 'directory')
    .map(({ path }) => path.slice(INSTALLERS.length + 1))
    .toSorted()
}

/**
 * What imager takes of the overlay's image for the installer `name`, in the order of the paths: the artifacts, links
 * followed, and the program. NotFoundError where it has no such installer, or a link leads nowhere.
 */
export function overlayEntries(tree: FileTree, name: string): readonly OverlayEntry[] {
  const program = `${INSTALLERS}/${name}`
  if (!tree.has(program)) {
    const known = overlayInstallers(tree).join(', ') || 'none'
    throw new NotFoundError('BLOB_UNKNOWN', `expected the installer ${name}, got ${known}`, { at: tree.where })
  }
  const artifacts = [...tree.entries()].filter(({ path }) => path.startsWith(`${ARTIFACTS}/`))
  return [
    ...artifacts.map((entry) => toEntry(tree, entry.path, entry)),
    { ...toEntry(tree, program, tree.get(program)), path: OVERLAY_INSTALLER },
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function toEntry(tree: FileTree, path: string, entry: FileEntry | undefined): OverlayEntry {
  if (entry?.type === 'directory') return { path, type: 'directory', mode: (entry.mode & 0o777) | OF_OWNER }
  const file = tree.resolve(path)
  if (entry === undefined || file?.data === undefined)
    throw new NotFoundError('BLOB_UNKNOWN', `expected a file ${path}, got none`, { at: tree.where })
  const mode = entry.type === 'symlink' ? 0o777 : file.mode & 0o777
  return { path, type: 'file', mode, data: file.data }
}

/** The entries of an installer's layer below `overlay/`, without the options; entries of other kinds as they are. */
export function overlayLayerEntries(layer: FileTree): readonly (FileEntry | OverlayEntry)[] {
  return [...layer.entries()]
    .filter(({ path }) => path.startsWith(`${OVERLAY_FOLDER}/`))
    .map((entry) => ({ ...entry, path: entry.path.slice(OVERLAY_FOLDER.length + 1) }))
    .filter(({ path }) => path !== OVERLAY_OPTIONS)
}

/** sha256 over the sorted lines `path NUL type NUL mode (octal) NUL sha256 of the bytes, or nothing, LF`. */
export async function overlayContent(
  entries: readonly {
    readonly path: string
    readonly type: string
    readonly mode: number
    readonly data?: ByteSource | undefined
  }[],
): Promise<string> {
  const lines: string[] = []
  for (const { path, type, mode, data } of entries)
    lines.push(`${path}\0${type}\0${(mode & 0o777).toString(8)}\0${data === undefined ? '' : await sha256Hex(data)}\n`)
  return createHash('sha256').update(lines.toSorted().join('')).digest('hex')
}
