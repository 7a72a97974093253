// Walks the headers of a tar ahead of the unpacker: bounds what it may be asked to do, finds where the archive ends, and
// keeps what it drops (bytes of PAX values, times before 1970).
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, GNU tar manual "Basic Tar Format"
import { createHash, type Hash } from 'node:crypto'
import { makeDigest, type Digest } from '../bytes/digest.ts'
import { FormatError, type FormatCode, type Location } from '../errors.ts'
import { BLOCK_SIZE, hasValidChecksum, padded, parseNumber, parsePax } from './tar-fields.ts'
import { extensionProblems, headerProblems, isGoHeader, recordProblems, type FormProblem } from './tar-form.ts'

/** Ten times what the biggest public images have. */
const MAX_ENTRIES = 250_000
/** A name has at most PATH_MAX (4096) bytes, the extended attributes of a file 64 KiB: room for several of both. */
const MAX_EXTENDED_BYTES = 1 << 20
/** The unpacker copies the global header into every entry: a big one would cost entries × size. Git writes 52 bytes. */
const MAX_GLOBAL_BYTES = 1024
/** All extended headers of an archive together, each with the memory that it costs beside its content. */
const MAX_KEPT_BYTES = 128 << 20
const KEPT_OVERHEAD = 64
/** Bytes of a content whose digest is computed: what is read of a smaller one is read again where it is in another tar. */
const BIG_CONTENT = 64 << 10

/** The scanner's part of an entry; the rest is in the unpacker's header. */
export type ScannedHeader = {
  /** Offset of the entry's own header block, after its extended headers. */
  readonly offset: number
  /** Bytes of content; they follow the header block. */
  readonly size: number
  /** The digest of the content once all of it has passed, where it is big. */
  digest?: Digest
  /** Seconds since 1970 as the header has them; undefined where the field is no number. */
  readonly mtime: number | undefined
  /** Values of the PAX records: mtime, uid, gid and the extended attributes. */
  readonly pax: ReadonlyMap<string, Uint8Array>
  /** The type flag as stored. */
  readonly flag: string
  /** Fields that Go refuses or reads otherwise, in the header and in the extended ones before it. */
  readonly problems: readonly FormProblem[]
  /** True for a header as Go writes it, without an extended header before it. */
  readonly isGo: boolean
}

export const XATTR_PREFIX = 'SCHILY.xattr.'
const KEPT_KEYS: ReadonlySet<string> = new Set(['mtime', 'uid', 'gid', 'size'])
const NO_PAX: ReadonlyMap<string, Uint8Array> = new Map()
const ZEROS = Buffer.alloc(BLOCK_SIZE)

/** Push parser over chunks of any size. Errors are FormatErrors `tar` at the offset of the header that is wrong. */
export class TarScanner {
  readonly headers: ScannedHeader[] = []
  readonly #where: Location
  #position = 0
  /** Bytes of content and padding still to pass. */
  #skip = 0
  /** The header or the content of an extended header that is being collected, and how much of it is there. */
  readonly #block = Buffer.alloc(BLOCK_SIZE)
  #wanted = this.#block
  #have = 0
  /** Type and size of the extended header whose content is being collected. */
  #extended: { readonly type: string; readonly size: number } | undefined
  #zeroBlocks = 0
  #pax = NO_PAX
  /** Records of the extended headers since the last entry. */
  #problems: FormProblem[] = []
  /** Types of the extended headers since the last entry. */
  #extensions = ''
  #kept = 0
  /** Bytes of padding at the end of what is to pass, and whether any before was not NUL. */
  #padding = 0
  #isPaddingClean = true
  /** Of the content that is passing. */
  #hash: Hash | undefined

  constructor(where: Location) {
    this.#where = where
  }

  /** True if the two blocks of zeros that end an archive have passed. */
  get ended(): boolean {
    return this.#zeroBlocks === 2
  }

  /** Bytes that the archive has at least, as its headers so far say: what an entry claims counts before it comes. */
  get reach(): number {
    return this.#position + this.#skip
  }

  /** True if all bytes that fill up contents to whole blocks are NUL. */
  get isPaddingClean(): boolean {
    return this.#isPaddingClean
  }

  /** True if the next `length` bytes are all of the content that is passing. */
  skips(length: number): boolean {
    return this.#skip >= length
  }

  /** Takes a chunk and gives the part of it that belongs to the archive: nothing after its end. */
  push(chunk: Uint8Array): Uint8Array {
    let at = 0
    while (at < chunk.length && !this.ended) {
      const skipping = this.#skip > 0
      const part = chunk.subarray(at, at + (skipping ? this.#skip : this.#wanted.length - this.#have))
      at += part.length
      this.#position += part.length
      if (skipping) this.#pass(part)
      else this.#collect(part)
    }
    return chunk.subarray(0, at)
  }

  /** TRUNCATED where the bytes end inside an entry. An archive without its end blocks is taken, as Go and GNU do. */
  finish(): void {
    if (this.#skip === 0 && this.#have === 0 && this.#extended === undefined) return
    const missing = this.#skip > 0 ? this.#skip : this.#wanted.length - this.#have
    throw this.#error('TRUNCATED', `expected ${missing} more bytes of an entry, got the end`, this.#position)
  }

  #pass(part: Uint8Array): void {
    this.#skip -= part.length
    const filling = Math.min(part.length, Math.max(0, this.#padding - this.#skip))
    if (this.#hash !== undefined) this.#hashContent(this.#hash, part.subarray(0, part.length - filling))
    if (filling > 0) this.#isPaddingClean &&= part.subarray(part.length - filling).every((byte) => byte === 0)
  }

  #hashContent(hash: Hash, part: Uint8Array): void {
    hash.update(part)
    if (this.#skip > this.#padding) return
    const header = this.headers.at(-1)
    if (header !== undefined) header.digest = makeDigest('sha256', hash.digest('hex'))
    this.#hash = undefined
  }

  #collect(part: Uint8Array): void {
    this.#wanted.set(part, this.#have)
    this.#have += part.length
    if (this.#have < this.#wanted.length) return
    const bytes = this.#wanted
    const extended = this.#extended
    this.#have = 0
    this.#extended = undefined
    this.#wanted = this.#block
    if (extended === undefined) this.#header(bytes, this.#position - BLOCK_SIZE)
    else this.#extension(extended.type, bytes.subarray(0, extended.size), this.#position - bytes.length)
  }

  #header(block: Buffer, offset: number): void {
    if (block.equals(ZEROS)) {
      this.#zeroBlocks++
      return
    }
    if (!hasValidChecksum(block))
      throw this.#error(offset === 0 ? 'BAD_MAGIC' : 'MALFORMED', 'expected a header, got a wrong checksum', offset)
    if (this.#zeroBlocks > 0) throw this.#error('MALFORMED', 'expected a second block of zeros, got a header', offset)
    const type = String.fromCharCode(block[156] || 0x30)
    const size = parseNumber(block, 124, 12)
    if (size === undefined || size < 0) throw this.#error('MALFORMED', 'expected a size, got no number', offset)
    if ('xgLK'.includes(type)) {
      this.#problems.push(...headerProblems(block), ...extensionProblems(block, type, this.#extensions))
      this.#startExtension(type, size, offset)
    } else this.#entry(block, type, size, offset)
  }

  #startExtension(type: string, size: number, offset: number): void {
    const limit = type === 'g' ? MAX_GLOBAL_BYTES : MAX_EXTENDED_BYTES
    if (size > limit)
      throw this.#error('LIMIT_EXCEEDED', `expected an extended header of at most ${limit} bytes, got ${size}`, offset)
    if (size === 0) throw this.#error('MALFORMED', 'expected content in an extended header, got none', offset)
    this.#kept += size + KEPT_OVERHEAD
    if (this.#kept > MAX_KEPT_BYTES)
      throw this.#error('LIMIT_EXCEEDED', `expected at most ${MAX_KEPT_BYTES} bytes of extended headers`, offset)
    this.#extensions += type
    this.#extended = { type, size }
    this.#wanted = Buffer.alloc(padded(size))
  }

  #extension(type: string, content: Buffer, offset: number): void {
    if (type !== 'x' && type !== 'g') return
    const records = parsePax(content)
    if (records === undefined) throw this.#error('MALFORMED', 'expected PAX records LENGTH KEY=VALUE', offset)
    const keys = [...records.keys()]
    this.#problems.push(...recordProblems(records))
    if (keys.some((key) => key.startsWith('GNU.sparse.'))) throw this.#sparse(offset)
    if (type === 'x')
      this.#pax = new Map([...records].filter(([key]) => KEPT_KEYS.has(key) || key.startsWith(XATTR_PREFIX)))
    // Readers disagree on what a global header means to the entries after it.
    else if (keys.some((key) => key !== 'comment'))
      throw this.#error('UNSUPPORTED', `expected a comment in a global header, got ${keys.join(', ')}`, offset)
  }

  #entry(block: Buffer, type: string, headerSize: number, offset: number): void {
    const pax = this.#pax
    const problems = [...new Set([...this.#problems, ...headerProblems(block)])]
    const isGo = this.#extensions === '' && isGoHeader(block)
    this.#pax = NO_PAX
    this.#problems = []
    this.#extensions = ''
    if (type === 'S') throw this.#sparse(offset)
    if (!'01234567'.includes(type))
      throw this.#error('UNSUPPORTED', `expected an entry of type 0 to 7, got ${JSON.stringify(type)}`, offset)
    const size = this.#contentSize(pax, headerSize, offset)
    // Readers disagree whether these have content: what is content to one is a header to the other.
    if (type !== '0' && type !== '7' && size > 0)
      throw this.#error('UNSUPPORTED', `expected no content of an entry that is no file, got ${size} bytes`, offset)
    if (this.headers.length >= MAX_ENTRIES)
      throw this.#error('LIMIT_EXCEEDED', `expected at most ${MAX_ENTRIES} entries, got more`, offset)
    const flag = String.fromCharCode(block[156] ?? 0)
    this.headers.push({ offset, size, mtime: parseNumber(block, 136, 12), pax, flag, problems, isGo })
    this.#skip = padded(size)
    this.#padding = this.#skip - size
    if (size >= BIG_CONTENT) this.#hash = createHash('sha256')
  }

  #contentSize(pax: ReadonlyMap<string, Uint8Array>, headerSize: number, offset: number): number {
    const stated = pax.get('size')
    const text = stated === undefined ? `${headerSize}` : Buffer.from(stated).toString('latin1')
    // The padding must be countable, too.
    if (/^\d{1,16}$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER - BLOCK_SIZE) return Number(text)
    throw this.#error('MALFORMED', `expected a size, got ${JSON.stringify(text.slice(0, 40))}`, offset)
  }

  #sparse(offset: number): FormatError {
    return this.#error('UNSUPPORTED', 'expected a plain file, got a sparse one', offset)
  }

  #error(code: FormatCode, message: string, offset: number): FormatError {
    return new FormatError('tar', code, message, { at: { ...this.#where, offset } })
  }
}
