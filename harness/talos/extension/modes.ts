// The modes of an extension as they end in an image: the lock's `modes`. What imager's untar and its umask take is taken
// from the published extension, whose folders lose 07000 and gain 0700, and whose firmware keeps what umask 022 leaves
// (siderolabs/talos v1.11.5 pkg/archiver/untar.go, internal/pkg/extensions/compress.go); an image counts as it is.
// Owners are root's in both: EXT-005 says so of the image.
import { createHash } from 'node:crypto'
import type { FileEntry, FileTree } from '../../fs/file-tree.ts'
import { FIRMWARE_FOLDER, isMicrocode } from './content.ts'

const PERMISSIONS = 0o777
const OWNED = 0o700
const UMASKED = 0o755

/**
 * sha256 over the sorted lines of a published root filesystem, 64 hex digits; undefined where a folder has no entry, so
 * that its mode is for the release of imager to choose.
 */
export function publishedModes(tree: FileTree): string | undefined {
  const entries = [...tree.under('')]
  if (entries.some(({ path }) => path.includes('/') && !tree.has(path.slice(0, path.lastIndexOf('/')))))
    return undefined
  return digestOf([
    ...layerLines(entries, taken),
    ...entries.flatMap((entry) => firmwareLines(tree.resolve(entry.path), entry.path, (mode) => mode & UMASKED)),
  ])
}

/** A folder's mode after untar. */
function taken(mode: number): number {
  return (mode & PERMISSIONS) | OWNED
}

function asItIs(mode: number): number {
  return mode
}

/** The same of the layer of an image, and of those files of its initramfs that the extension brought as firmware. */
export function imageModes(layer: FileTree, firmware: readonly FileEntry[]): string {
  return digestOf([
    ...layerLines([...layer.under('')], asItIs),
    ...firmware.flatMap((entry) => firmwareLines(entry, entry.path, asItIs)),
  ])
}

/** `type NUL path NUL mode in octal LF` of all but firmware; links have no mode of their own. */
function layerLines(entries: readonly FileEntry[], folderMode: (mode: number) => number): readonly string[] {
  return entries
    .filter(
      ({ path, type }) => path !== FIRMWARE_FOLDER && !path.startsWith(`${FIRMWARE_FOLDER}/`) && type !== 'symlink',
    )
    .map(({ path, type, mode }) =>
      type === 'directory'
        ? line('directory', path, folderMode(mode))
        : line(type === 'hardlink' ? 'file' : type, path, mode),
    )
}

function firmwareLines(
  entry: FileEntry | undefined,
  path: string,
  fileMode: (mode: number) => number,
): readonly string[] {
  const isFirmware = entry?.type === 'file' && path.startsWith(`${FIRMWARE_FOLDER}/`) && !isMicrocode(path)
  return isFirmware ? [line('file', path, fileMode(entry.mode))] : []
}

function line(type: string, path: string, mode: number): string {
  return `${type}\0${path}\0${mode.toString(8)}\n`
}

function digestOf(lines: readonly string[]): string {
  const hash = createHash('sha256')
  for (const one of lines.toSorted((a, b) => (a < b ? -1 : Number(a > b)))) hash.update(one)
  return hash.digest('hex')
}
