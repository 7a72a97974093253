// Reads a cpio archive in the newc format (070701), as the kernel unpacks it: linux v6.12 init/initramfs.c and
// https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import { findNonNul } from '../../bytes/padding.ts'
import { ReadAhead } from '../../bytes/read-ahead.ts'
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import type { FormatCode, FormatError } from '../../errors.ts'
import { decodeName, normalizePath, type FileEntry, type FileType } from '../../fs/file-tree.ts'
import { headerDeviations, MAX_DEVIATIONS, type CpioDeviation } from './canonical.ts'
import { assertMagic, cpioError, HEADER_SIZE, parseHeader, type CpioHeader } from './header.ts'

export type CpioArchive = {
  readonly offset: number
  /** Right after the trailer, aligned to 4; writers pad with NUL beyond it. */
  readonly end: number
  /** Entries in the order of the archive, without the trailer. */
  readonly entries: readonly CpioEntry[]
  /** Differences from GNU cpio's form, except the padding to 512 bytes behind `end`. */
  readonly deviations: readonly CpioDeviation[]
}

export type CpioEntry = FileEntry & {
  /** Names of one device and inode, which count more than one link: the kernel makes them one file. */
  readonly link?: string
}

/** The rest of an allowance, which archives that belong together share. */
export type CpioAllowance = { entries: number; textBytes: number }

/** Entries: a root filesystem has some thousands, an initramfs some hundreds; so many take 100 MB of memory. */
export const MAX_ENTRIES = 200_000
/** Bytes of names and link targets together: 200 000 entries at PATH_MAX each would be 800 MB. */
export const MAX_TEXT_BYTES = 1 << 26
/** PATH_MAX: the kernel skips an entry with a longer name or link target. */
export const MAX_PATH = 4096

const TRAILER = 'TRAILER!!!'

export function newCpioAllowance(): CpioAllowance {
  return { entries: MAX_ENTRIES, textBytes: MAX_TEXT_BYTES }
}

/**
 * The archive that begins at `offset`, up to its trailer. Headers, names and link targets are read, content is not.
 * Hard links (one device and inode, nlink > 1) share the content of the last of them that has any. FormatError:
 * BAD_MAGIC, UNSUPPORTED (the crc, odc and old binary formats), TRUNCATED, LIMIT_EXCEEDED, MALFORMED.
 */
export async function readCpioArchive(
  source: ByteSource,
  offset: number,
  allowance: CpioAllowance = newCpioAllowance(),
): Promise<CpioArchive> {
  const reader = new EntryReader(source, offset, allowance)
  const stored: CpioEntry[] = []
  for (let at = offset; ;) {
    const next = await reader.read(at)
    if (next.entry === undefined)
      return { offset, end: next.end, entries: resolveLinks(stored), deviations: reader.deviations }
    stored.push(next.entry)
    at = next.end
  }
}

/** init/initramfs.c maybe_link, do_name: every link opens the one file, and content overwrites what it had. */
function resolveLinks(stored: readonly CpioEntry[]): CpioEntry[] {
  const content = new Map<string, CpioEntry>()
  for (const entry of stored) {
    const { link, size } = entry
    if (link !== undefined && (size > 0 || !content.has(link))) content.set(link, entry)
  }
  return stored.map((entry) => {
    const { link } = entry
    const shared = link === undefined ? undefined : content.get(link)
    return shared?.data === undefined ? entry : { ...entry, size: shared.size, data: shared.data }
  })
}

/** Reads entry by entry; `entry` is absent for the trailer. `end` is where the next header begins. */
class EntryReader {
  readonly #source: ByteSource
  readonly #ahead: ReadAhead
  readonly #start: number
  readonly #allowance: CpioAllowance
  readonly deviations: CpioDeviation[] = []
  #count = 0

  constructor(source: ByteSource, start: number, allowance: CpioAllowance) {
    this.#source = source
    this.#ahead = new ReadAhead(source)
    this.#start = start
    this.#allowance = allowance
  }

  async read(at: number): Promise<{ entry?: CpioEntry; end: number }> {
    const header = await this.#readHeader(at)
    const nameAt = at + HEADER_SIZE
    const name = await this.#readText(nameAt, header.nameSize, 'name')
    const dataAt = this.#align(nameAt + header.nameSize)
    if (name === TRAILER) {
      if (header.fileSize > 0)
        throw this.#fail(at, 'MALFORMED', `expected an empty trailer, got ${header.fileSize} bytes`)
      await this.#compare(at, 0, { ...header, type: undefined }, name)
      return { end: Math.min(dataAt, this.#source.size) }
    }
    if (--this.#allowance.entries < 0)
      throw this.#fail(at, 'LIMIT_EXCEEDED', `expected at most ${MAX_ENTRIES} entries, got more`)
    if (dataAt + header.fileSize > this.#source.size)
      throw this.#fail(at, 'TRUNCATED', `expected ${header.fileSize} bytes of ${name}, got fewer`)
    const { type } = header
    if (type === undefined) throw this.#fail(at, 'MALFORMED', `expected a file type in c_mode, got none of ${name}`)
    const entry = await this.#toEntry(header, type, normalizePath(name), at, dataAt)
    const end = this.#align(dataAt + header.fileSize)
    if (this.deviations.length < MAX_DEVIATIONS) await this.#compare(at, this.#count++, header, name)
    if (end > dataAt + header.fileSize) await this.#comparePadding(dataAt + header.fileSize, end, name)
    return { entry: type === 'file' && header.nlink > 1 ? { ...entry, link: header.identity } : entry, end }
  }

  async #compare(at: number, index: number, header: CpioHeader, name: string): Promise<void> {
    const end = this.#align(at + HEADER_SIZE + header.nameSize)
    const bytes = await this.#ahead.read(at, Math.min(end, this.#source.size) - at)
    for (const what of headerDeviations({ index, header, name, bytes })) this.#note({ path: name, offset: at, what })
  }

  async #comparePadding(from: number, to: number, name: string): Promise<void> {
    const length = Math.min(to, this.#source.size) - from
    if (length > 0 && findNonNul(await this.#source.read(from, length)) >= 0)
      this.#note({ path: name, offset: from, what: 'padding behind the content: expected NUL, got other bytes' })
  }

  #note(deviation: CpioDeviation): void {
    if (this.deviations.length < MAX_DEVIATIONS) this.deviations.push(deviation)
  }

  async #readHeader(at: number): Promise<CpioHeader> {
    const { size, where } = this.#source
    if (at + HEADER_SIZE <= size) return parseHeader(await this.#ahead.read(at, HEADER_SIZE), where, at)
    assertMagic(await this.#source.read(Math.min(at, size), Math.max(0, size - at)), where, at)
    throw this.#fail(at, 'TRUNCATED', `expected a header of ${HEADER_SIZE} bytes, got ${size - at}`)
  }

  async #toEntry(header: CpioHeader, type: FileType, path: string, at: number, dataAt: number): Promise<FileEntry> {
    const { mode, uid, gid, mtime, fileSize } = header
    const origin = { ...this.#source.where, offset: at }
    const common = { path, type, mode, uid, gid, mtime, origin }
    if (type === 'file') {
      const data = this.#source.slice(dataAt, fileSize, memberLocation(this.#source.where, path))
      return { ...common, size: fileSize, data }
    }
    if (type === 'symlink') return { ...common, size: 0, target: await this.#readText(dataAt, fileSize, 'target') }
    if (fileSize > 0) throw this.#fail(at, 'MALFORMED', `expected no content of a ${type}, got ${fileSize} bytes`)
    return { ...common, size: 0 }
  }

  /** A name, which NUL ends, or a target, which it may; some writers pad with more of it. */
  async #readText(at: number, size: number, what: 'name' | 'target'): Promise<string> {
    if (size > MAX_PATH)
      throw this.#fail(at, 'LIMIT_EXCEEDED', `expected a ${what} of at most ${MAX_PATH} bytes, got ${size}`)
    if (at + size > this.#source.size)
      throw this.#fail(at, 'TRUNCATED', `expected a ${what} of ${size} bytes, got ${this.#source.size - at}`)
    this.#allowance.textBytes -= size
    if (this.#allowance.textBytes < 0)
      throw this.#fail(at, 'LIMIT_EXCEEDED', `expected at most ${MAX_TEXT_BYTES} bytes of names, got more`)
    const bytes = await this.#ahead.read(at, size)
    const nul = bytes.indexOf(0)
    if (nul < 0 && what === 'name') throw this.#fail(at, 'MALFORMED', `expected a name that ends with NUL, got none`)
    const end = nul < 0 ? size : nul
    if (end === 0) throw this.#fail(at, 'MALFORMED', `expected a ${what}, got an empty one`)
    if (findNonNul(bytes.subarray(end)) >= 0)
      throw this.#fail(at, 'MALFORMED', `expected a ${what} without NUL inside, got one`)
    return decodeName(bytes.subarray(0, end))
  }

  /** Names and contents begin at multiples of 4, counted from the archive's first header. */
  #align(at: number): number {
    return this.#start + Math.ceil((at - this.#start) / 4) * 4
  }

  #fail(at: number, code: FormatCode, message: string): FormatError {
    return cpioError(this.#source.where, at, code, message)
  }
}
