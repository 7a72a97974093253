// The table of contents of a tar, made by tar-stream while the bytes stream past: entries with the offset of their content.
import { extract, type Header } from 'tar-stream'
import type { Digest } from '../bytes/digest.ts'
import { CHUNK_SIZE, type ByteSource } from '../bytes/source.ts'
import { FormatError, HarnessError, type Location } from '../errors.ts'
import { contentOf, toTarEntry, type TarEntry } from './tar-entry.ts'
import { TarScanner } from './tar-scanner.ts'

export type TarIndex = {
  readonly entries: readonly TarEntry[]
  /** True if the archive ends with two blocks of zeros. */
  readonly ended: boolean
  /** True if anything but zeros follows these blocks, or fills up a content to whole blocks. */
  readonly trailing: boolean
}

/** Names as latin1, so that bytes which are no UTF-8 survive. */
const OPTIONS = { highWaterMark: CHUNK_SIZE, filenameEncoding: 'latin1', allowUnknownFormat: true }

/** Bytes after the end of an archive; tar fills up to 10 KiB, or to the blocks of a tape. */
const MAX_AFTER_END = 1 << 20

/** Takes the bytes of a tar in chunks and ends as its index. */
export class TarIndexer {
  readonly #where: Location
  readonly #scanner: TarScanner
  readonly #extract = extract(OPTIONS)
  readonly #entries: TarEntry[] = []
  readonly #onEntry: (entry: TarEntry) => void
  #failure: Error | undefined
  #wake: () => void = () => {}
  #trailing = false
  #afterEnd = 0

  /** `where` names the tar: offsets in errors and in `origin` count from its start. */
  constructor(where: Location, onEntry: (entry: TarEntry) => void = () => {}) {
    this.#where = where
    this.#onEntry = onEntry
    this.#scanner = new TarScanner(where)
    this.#extract.on('entry', (header, stream, next) => {
      this.#take(header)
      stream.on('error', () => {})
      stream.resume()
      // Not at once: a call from within would go one level deeper for each empty entry of a chunk.
      queueMicrotask(() => next())
    })
    this.#extract.on('error', (error: Error) => (this.#failure ??= error))
    for (const event of ['drain', 'close'] as const) this.#extract.on(event, () => this.#wake())
  }

  /** Entries so far. */
  get count(): number {
    return this.#entries.length
  }

  /** Bytes that the tar has at least: those so far, and what the last entry claims beyond them. */
  get reach(): number {
    return this.#scanner.reach + this.#afterEnd
  }

  /**
   * FormatError BAD_MAGIC, MALFORMED, UNSUPPORTED (sparse files, unknown types) or LIMIT_EXCEEDED. What follows the end
   * of the archive is taken and not looked into.
   */
  async push(chunk: Uint8Array): Promise<void> {
    const isContent = this.#scanner.skips(chunk.length)
    const part = this.#scanner.push(chunk)
    if (part.length < chunk.length) this.#passEnd(chunk.subarray(part.length))
    if (part.length === 0) return
    const woken = this.#nextWake()
    if (!this.#extract.write(isContent ? anyBytes(part.length) : Buffer.from(part))) await woken
    this.#checkFailure()
  }

  /** FormatError TRUNCATED where the bytes end inside an entry. Content becomes slices of `tar`. */
  async finish(tar: ByteSource): Promise<TarIndex> {
    this.#scanner.finish()
    const closed = this.#nextWake()
    this.#extract.end(null)
    await closed
    this.#checkFailure()
    const { headers, ended } = this.#scanner
    if (headers.length !== this.#entries.length)
      throw this.#unreadable(`expected ${headers.length} entries, got ${this.#entries.length}`)
    const seen = new Set<string>()
    const entries = this.#entries.map((entry, at) => {
      const complete = withContent(seen.has(entry.path) ? markDuplicate(entry) : entry, headers[at]?.digest, tar)
      seen.add(entry.path)
      return complete
    })
    return { entries, ended, trailing: this.#trailing || !this.#scanner.isPaddingClean }
  }

  #passEnd(bytes: Uint8Array): void {
    this.#trailing ||= !isZero(bytes)
    this.#afterEnd += bytes.length
    if (this.#afterEnd <= MAX_AFTER_END) return
    const message = `expected at most ${MAX_AFTER_END} bytes after the end of the archive, got more`
    throw new FormatError('tar', 'LIMIT_EXCEEDED', message, { at: { ...this.#where, offset: this.#scanner.reach } })
  }

  #take(header: Header): void {
    const scanned = this.#scanner.headers[this.#entries.length]
    try {
      if (scanned === undefined) throw this.#unreadable('expected no more entries')
      const entry = toTarEntry(header, scanned, this.#where)
      this.#entries.push(entry)
      this.#onEntry(entry)
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : this.#unreadable(String(error))
    }
  }

  #nextWake(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  #checkFailure(): void {
    if (this.#failure instanceof HarnessError) throw this.#failure
    if (this.#failure !== undefined) throw this.#unreadable(this.#failure.message, this.#failure)
  }

  /** The scanner and the unpacker see different things: no reader can be trusted with this archive. */
  #unreadable(reason: string, cause?: unknown): FormatError {
    return new FormatError('tar', 'MALFORMED', `cannot be unpacked: ${reason}`, { at: this.#where, cause })
  }
}

/** The index of a tar that is at hand as a whole. Errors are those of `TarIndexer`. */
export async function readTarIndex(tar: ByteSource): Promise<TarIndex> {
  const indexer = new TarIndexer(tar.where)
  for await (const chunk of tar.stream()) await indexer.push(chunk)
  return indexer.finish(tar)
}

function withContent(entry: TarEntry, digest: Digest | undefined, tar: ByteSource): TarEntry {
  if (entry.type !== 'file') return entry
  const known = digest === undefined ? entry : { ...entry, digest }
  return { ...known, data: contentOf(known, tar) }
}

function markDuplicate(entry: TarEntry): TarEntry {
  return { ...entry, problems: ['duplicate', ...entry.problems] }
}

/** In the place of content, which the unpacker only counts: it keeps chunks for longer than they hold. */
function anyBytes(length: number): Uint8Array {
  return length <= FILLER.length ? FILLER.subarray(0, length) : Buffer.alloc(length)
}

const FILLER = Buffer.alloc(CHUNK_SIZE)
const ZEROS = Buffer.alloc(1 << 16)

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (!ZEROS.subarray(0, part.length).equals(part)) return false
  }
  return true
}
