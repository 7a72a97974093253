// One view over the files of a tar, a cpio or a squashfs: entries by normalised path, links followed on request.
import { posix } from 'node:path'
import type { ByteSource } from '../bytes/source.ts'
import { FormatError, type Location } from '../errors.ts'

export type FileType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo' | 'socket'

export type FileEntry = {
  /** The path relative to the root, without `./` or a leading or trailing slash; '' is the root itself. */
  readonly path: string
  readonly type: FileType
  /** Permission bits with setuid, setgid and sticky: 0o7777 at most. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of a regular file, else 0. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** The target of a symbolic link as stored; the normalised path of a hard link's target (tar). */
  readonly target?: string
  /** Content of a regular file. */
  readonly data?: ByteSource
  /** Extended attributes by full name, such as `security.selinux`. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
  /** The place of the entry itself: the layer or archive, and the offset of its header. */
  readonly origin: Location
}

/** Deeper chains of symbolic links than Linux follows (MAXSYMLINKS) are an error. */
const MAX_LINKS = 40

export class FileTree {
  readonly where: Location
  readonly #entries: ReadonlyMap<string, FileEntry>
  #children: ReadonlyMap<string, readonly FileEntry[]> | undefined

  /** The last of several entries with one path is kept, as every unpacker does. */
  constructor(entries: Iterable<FileEntry>, where: Location) {
    const byPath = new Map<string, FileEntry>()
    for (const entry of entries) byPath.set(entry.path, entry)
    this.#entries = byPath
    this.where = where
  }

  /** Every entry, in the order of the archive. */
  entries(): IterableIterator<FileEntry> {
    return this.#entries.values()
  }

  /** The entry stored at exactly this path; links in the path are not followed. */
  get(path: string): FileEntry | undefined {
    return this.#entries.get(path)
  }

  has(path: string): boolean {
    return this.#entries.has(path)
  }

  /** Entries below `folder` ('' for the root), at any depth. */
  *under(folder: string): Generator<FileEntry> {
    const prefix = folder === '' ? '' : `${folder}/`
    for (const entry of this.#entries.values()) if (entry.path !== '' && entry.path.startsWith(prefix)) yield entry
  }

  /** Entries directly in `folder`. */
  children(folder: string): readonly FileEntry[] {
    this.#children ??= groupByParent(this.#entries.values())
    return this.#children.get(folder) ?? []
  }

  /**
   * The entry at `path` with every symbolic and hard link followed, absolute targets from the root; undefined when
   * there is none. FormatError LIMIT_EXCEEDED for a loop.
   */
  resolve(path: string): FileEntry | undefined {
    let pending = path.split('/').filter((part) => part !== '' && part !== '.')
    let at = ''
    for (let links = 0; pending.length > 0;) {
      const [part = '', ...rest] = pending
      pending = rest
      if (part === '..') {
        at = at.includes('/') ? posix.dirname(at) : ''
        continue
      }
      const next = at === '' ? part : `${at}/${part}`
      const entry = this.#entries.get(next)
      if (entry?.type === 'symlink' || entry?.type === 'hardlink') {
        if (++links > MAX_LINKS) throw this.#tooManyLinks(path)
        const target = entry.target ?? ''
        if (entry.type === 'hardlink' || target.startsWith('/')) at = ''
        pending = [...target.split('/').filter((piece) => piece !== '' && piece !== '.'), ...rest]
      } else {
        at = next
      }
    }
    return this.#entries.get(at)
  }

  #tooManyLinks(path: string): FormatError {
    return new FormatError('file tree', 'LIMIT_EXCEEDED', `expected at most ${MAX_LINKS} links on the way to ${path}`, {
      at: this.where,
    })
  }
}

function groupByParent(entries: Iterable<FileEntry>): Map<string, FileEntry[]> {
  const groups = new Map<string, FileEntry[]>()
  for (const entry of entries) {
    if (entry.path === '') continue
    const slash = entry.path.lastIndexOf('/')
    const parent = slash < 0 ? '' : entry.path.slice(0, slash)
    const group = groups.get(parent)
    if (group === undefined) groups.set(parent, [entry])
    else group.push(entry)
  }
  return groups
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A file name as text: UTF-8 where it is, otherwise every byte beyond ASCII as `\xNN`, so that nothing is lost. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return [...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('')
  }
}

/** A path without `./`, doubled or trailing slashes and a leading slash. `..` stays: a rule judges it. */
export function normalizePath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}
