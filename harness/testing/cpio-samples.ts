// Writes small newc archives for tests: valid by default, every field can be corrupted.

export type SampleEntry = {
  readonly name: string
  /** st_mode with its type; a regular file by default. */
  readonly mode?: number
  readonly data?: string | Uint8Array
  readonly ino?: number
  readonly nlink?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  /** A number instead of the size of `data`. */
  readonly fileSize?: number
  /** A number instead of the length of the name with its NUL. */
  readonly nameSize?: number
  /** A text instead of NUL. */
  readonly nameEnd?: string
  readonly magic?: string
}

export const FILE = 0o100644
export const DIRECTORY = 0o040755
export const SYMLINK = 0o120777
export const TRAILER: SampleEntry = { name: 'TRAILER!!!', mode: 0 }

const hex = (value: number): string => value.toString(16).padStart(8, '0')
const align = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

export function sampleEntry(entry: SampleEntry): Buffer {
  const data = Buffer.from(entry.data ?? '')
  const name = Buffer.from(`${entry.name}${entry.nameEnd ?? '\0'}`, 'latin1')
  const fields = [
    entry.ino ?? 0,
    entry.mode ?? FILE,
    entry.uid ?? 0,
    entry.gid ?? 0,
    entry.nlink ?? 1,
    entry.mtime ?? 0,
  ]
  const sizes = [entry.fileSize ?? data.length, 0, 0, 0, 0, entry.nameSize ?? name.length, 0]
  const header = Buffer.from(`${entry.magic ?? '070701'}${[...fields, ...sizes].map(hex).join('')}`)
  return Buffer.concat([align(Buffer.concat([header, name])), align(data)])
}

export function sampleArchive(entries: readonly SampleEntry[]): Buffer {
  return Buffer.concat([...entries, TRAILER].map(sampleEntry))
}
