// Entries that the kernel unpacks otherwise than they are listed, and fields that cpio would have written otherwise.
import type { FileEntry } from '#harness/fs/file-tree.ts'
import type { CpioEntry } from '#harness/formats/cpio/cpio.ts'
import type { SegmentArchive } from '#harness/talos/boot/initramfs.ts'

/** A regular file at the top: what imager writes there. Everything else is a folder or is below usr/lib/firmware. */
const TOP_FILE = /^[^/]+\.(sqsh|yaml)$/
const FIRMWARE = 'usr/lib/firmware/'
const TOP_MODE = 0o644
/** The permissions that umask 022 leaves, as imager opens a firmware file with them. */
const UMASKED = 0o755

/**
 * `path: reason` for each entry that linux init/initramfs.c does not unpack as a file of its own at its path, into a
 * folder that an earlier entry made: do_name overwrites, maybe_link joins, clean_path removes, and no folder is made
 * for a file whose folder has no entry.
 */
export function unpackFindings(entries: readonly CpioEntry[]): readonly string[] {
  const made = new Map<string, FileEntry['type']>([['', 'directory']])
  const names = Map.groupBy(
    entries.filter(({ link }) => link !== undefined),
    ({ link }) => link,
  )
  return entries.flatMap(({ path, type, link }) => {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    const reasons: string[] = []
    if (made.has(path) && path !== '') reasons.push('a second entry of this path overwrites the first')
    if (made.get(folder) !== 'directory') reasons.push(`${folder} is no folder that an earlier entry made`)
    if (type !== wantedType(path) && (type === 'symlink' || !path.startsWith(FIRMWARE)))
      reasons.push(`a ${type}, expected a ${wantedType(path)}`)
    else if (type !== 'file' && type !== 'directory') reasons.push(`a ${type}, expected a file or a directory`)
    const one = link === undefined ? [] : (names.get(link) ?? [])
    if (one.length > 1) reasons.push(`one file with ${one.map((other) => other.path).join(', ')}`)
    made.set(path, type)
    return reasons.map((reason) => `${path}: ${reason}`)
  })
}

function wantedType(path: string): FileEntry['type'] {
  return TOP_FILE.test(path) ? 'file' : path.startsWith(FIRMWARE) ? 'file' : 'directory'
}

/**
 * `path: field: expected, got` for each header, padding, place and mode that is not as GNU cpio, run by imager, writes
 * it.
 */
export function formFindings({ entries, deviations }: SegmentArchive): readonly string[] {
  return archiveFindings(entries, deviations)
}

/** The same of one archive, its end aside. */
export function archiveFindings(
  entries: readonly FileEntry[],
  deviations: SegmentArchive['deviations'],
): readonly string[] {
  return [
    ...deviations.map(({ path, what }) => `${path}: ${what}`),
    ...orderFindings(entries),
    ...modeFindings(entries),
  ]
}

/** The walk of imager: folders before what is in them, the names of each in the order of their bytes. */
function orderFindings(entries: readonly FileEntry[]): readonly string[] {
  const keys = entries.map(({ path }) => Buffer.from(path.replaceAll('/', '\0')))
  const at = keys.findIndex((key, index) => index > 0 && Buffer.compare(keys[index - 1] ?? key, key) > 0)
  return at < 0 ? [] : [`${entries[at]?.path}: expected before ${entries[at - 1]?.path}, got it behind`]
}

/** Files that imager makes are 0644; firmware keeps its mode but for what umask 022 takes. */
function modeFindings(entries: readonly FileEntry[]): readonly string[] {
  return entries.flatMap(({ path, mode, type }) => {
    if (TOP_FILE.test(path))
      return mode === TOP_MODE ? [] : [`${path}: expected mode ${octal(TOP_MODE)}, got ${octal(mode)}`]
    const taken = mode & ~UMASKED
    if (taken !== 0) return [`${path}: expected a mode without ${octal(taken)}, got ${octal(mode)}`]
    return type === 'directory' && (mode & 0o700) !== 0o700
      ? [`${path}: expected a folder that its owner may use, got mode ${octal(mode)}`]
      : []
  })
}

/** The files of the base, in this order; whether `init` can be executed is for INI-003 to say. */
const BASE: readonly (readonly [path: string, type: string, mode: number])[] = [
  ['', 'directory', 0o755],
  ['init', 'file', 0o644],
  ['rootfs.sqsh', 'file', 0o644],
]

/** `path type mode` of a base that is another list than upstream's; deviations beside it. */
export function baseFindings({ entries, deviations }: SegmentArchive): readonly string[] {
  const line = (path: string, type: string, mode: number): string => `${path || '.'}: ${type} of mode ${octal(mode)}`
  const wanted = BASE.map((entry) => line(...entry))
  const found = entries.map(({ path, type, mode }) => line(path, type, path === 'init' ? mode & ~0o111 : mode))
  const differs = found.length !== wanted.length || found.some((one, at) => one !== wanted[at])
  return [
    ...deviations.map(({ path, what }) => `base: ${path}: ${what}`),
    ...(differs ? [`base: expected ${wanted.join(', ')}, got ${found.slice(0, 8).join(', ')}`] : []),
  ]
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
