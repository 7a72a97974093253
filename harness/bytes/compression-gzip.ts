// Decodes gzip members one by one, so that what follows the last is known: RFC 1952
// (https://www.rfc-editor.org/rfc/rfc1952#section-2.3).
import { crc32, createInflateRaw } from 'node:zlib'
import { FormatError, HarnessError, IntegrityError, type FormatCode } from '../errors.ts'
import { metered, runEngine, type DecoderOptions } from './compression-engine.ts'
import { CHUNK_SIZE, type ByteSource } from './source.ts'

/**
 * Members of one stream: each costs a decoder, so many take a second or two; an eStargz layer has one for each file.
 */
export const MAX_MEMBERS = 1 << 14
/**
 * The buffer for members after the first, which are small where there are many: a large buffer for each would be the
 * cost.
 */
const LATER_CHUNK_SIZE = 1 << 16
/** Bytes of the original name or of the comment with their NUL: compress/gzip of Go refuses longer ones. */
const MAX_HEADER_TEXT = 512

// FLG: 0 FTEXT, 1 FHCRC, 2 FEXTRA, 3 FNAME, 4 FCOMMENT, 5–7 reserved
const FHCRC = 0x02
const FEXTRA = 0x04
const TEXTS = [
  [0x08, 'gzip name'],
  [0x10, 'gzip comment'],
] as const
const RESERVED = 0xe0
const DEFLATE = 8

/** Chunks with a place to put back what was pulled too much, and a count of what was used. */
class Feed {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #options: DecoderOptions
  #rest: Uint8Array = new Uint8Array(0)
  offset: number

  constructor(chunks: AsyncIterable<Uint8Array>, options: DecoderOptions, base: number) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#options = options
    this.offset = base
  }

  error(code: FormatCode, message: string): FormatError {
    const at = { ...this.#options.where, offset: this.offset }
    return new FormatError(this.#options.format, code, message, { at })
  }

  pull = async (): Promise<Uint8Array | undefined> => {
    const chunk = (await this.peek()) ? this.#rest : undefined
    this.#rest = new Uint8Array(0)
    this.offset += chunk?.length ?? 0
    return chunk
  }

  unread(bytes: Uint8Array): void {
    this.#rest = bytes
    this.offset -= bytes.length
  }

  /** The next bytes, at least one, without consuming them; undefined at the end. */
  async peek(): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return undefined
      this.#rest = next.value
    }
    return this.#rest
  }

  async take(length: number, what: string): Promise<Buffer> {
    const out = Buffer.alloc(length)
    for (let filled = 0; filled < length;) {
      const rest = await this.peek()
      if (rest === undefined) throw this.error('TRUNCATED', `expected ${length} bytes of ${what}, got ${filled}`)
      const used = Math.min(rest.length, length - filled)
      out.set(rest.subarray(0, used), filled)
      this.#rest = rest.subarray(used)
      this.offset += used
      filled += used
    }
    return out
  }

  async drain(): Promise<number> {
    const start = this.offset
    while ((await this.pull()) !== undefined);
    return this.offset - start
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

/**
 * The content of all members of `chunks`, in chunks that hold until the next is asked for; nothing follows them.
 * FormatError BAD_MAGIC, TRUNCATED, MALFORMED (also a wrong checksum or length), UNSUPPORTED (a method other than
 * deflate), LIMIT_EXCEEDED; IntegrityError TRAILING_DATA. `chunks` is read to its end, also when its bytes turn out to
 * be wrong (not when they come to too much), so that one that hashes or verifies itself gets to do it; what it throws
 * comes through.
 */
export async function* gunzipChunks(
  chunks: AsyncIterable<Uint8Array>,
  options: DecoderOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const feed = new Feed(chunks, options, 0)
  try {
    yield* metered(gunzipMembers(feed, options), options)
    await assertEnd(feed, options)
  } catch (error) {
    if (error instanceof HarnessError && error.code !== 'LIMIT_EXCEEDED') await feed.drain()
    throw error
  } finally {
    await feed.close()
  }
}

/**
 * Stored and decoded size of the one gzip member that begins at `offset`, found by decoding it. Errors as of
 * gunzipChunks.
 */
export async function measureGzipMember(
  source: ByteSource,
  offset: number,
  options: DecoderOptions,
): Promise<{ readonly size: number; readonly contentSize: number }> {
  const feed = new Feed(source.stream(offset), options, offset)
  try {
    let contentSize = 0
    for await (const chunk of metered(gunzipMember(feed, options), options)) contentSize += chunk.length
    return { size: feed.offset - offset, contentSize }
  } finally {
    await feed.close()
  }
}

/** A byte ID1 begins a member; what is wrong with it then, its header says. */
function isMember(next: Uint8Array | undefined): boolean {
  return next?.[0] === 0x1f
}

async function* gunzipMembers(feed: Feed, options: DecoderOptions): AsyncGenerator<Uint8Array, void, void> {
  for (let members = 1; members === 1 || isMember(await feed.peek()); members++) {
    if (members > MAX_MEMBERS)
      throw feed.error('LIMIT_EXCEEDED', `expected at most ${MAX_MEMBERS} gzip members, got more`)
    yield* gunzipMember(feed, options, members === 1 ? CHUNK_SIZE : LATER_CHUNK_SIZE)
  }
}

async function* gunzipMember(
  feed: Feed,
  options: DecoderOptions,
  chunkSize = CHUNK_SIZE,
): AsyncGenerator<Uint8Array, void, void> {
  await readMemberHeader(feed)
  let crc = 0
  let size = 0
  const start = feed.offset
  const decoded = runEngine(createInflateRaw({ chunkSize }), feed.pull, () => start, options)
  try {
    for (;;) {
      const next = await decoded.next()
      if (next.done === true) {
        feed.unread(next.value)
        break
      }
      crc = crc32(next.value, crc)
      size += next.value.length
      yield next.value
    }
  } finally {
    await decoded.return(new Uint8Array(0))
  }
  const trailer = await feed.take(8, 'gzip trailer')
  const wantCrc = trailer.readUInt32LE(0) // 0, 4: CRC32 of the content
  const wantSize = trailer.readUInt32LE(4) // 4, 4: ISIZE, length of the content modulo 2^32
  if (crc !== wantCrc)
    throw feed.error('MALFORMED', `expected gzip checksum ${wantCrc.toString(16)}, got ${crc.toString(16)}`)
  if (size % 2 ** 32 !== wantSize) throw feed.error('MALFORMED', `expected ${wantSize} gzip bytes, got ${size}`)
}

async function readMemberHeader(feed: Feed): Promise<void> {
  let crc = 0
  const take = async (length: number, what: string): Promise<Buffer> => {
    const bytes = await feed.take(length, what)
    crc = crc32(bytes, crc)
    return bytes
  }
  const magic = await take(2, 'gzip magic') // 0, 2: ID1 ID2
  if (magic.readUInt16BE(0) !== 0x1f8b)
    throw feed.error('BAD_MAGIC', `expected gzip magic 1f8b, got ${magic.toString('hex')}`)
  const [method = 0, flags = 0] = await take(8, 'gzip header') // 2 CM, 3 FLG, 4 MTIME (4), 8 XFL, 9 OS
  if (method !== DEFLATE) throw feed.error('UNSUPPORTED', `expected gzip method ${DEFLATE}, got ${method}`)
  if ((flags & RESERVED) !== 0)
    throw feed.error('MALFORMED', `expected reserved gzip flags 0, got 0x${flags.toString(16)}`)
  if ((flags & FEXTRA) !== 0) await take((await take(2, 'gzip extra length')).readUInt16LE(0), 'gzip extra field')
  for (const [flag, what] of TEXTS) {
    for (let length = 0, done = (flags & flag) === 0; !done;) {
      const rest = (await feed.peek()) ?? new Uint8Array(1)
      const nul = rest.indexOf(0)
      const used = nul < 0 ? rest.length : nul + 1
      length += used
      if (length > MAX_HEADER_TEXT)
        throw feed.error('LIMIT_EXCEEDED', `expected a ${what} of at most ${MAX_HEADER_TEXT} bytes, got more`)
      await take(used, what)
      done = nul >= 0
    }
  }
  const wantCrc = crc & 0xffff
  if ((flags & FHCRC) !== 0 && (await feed.take(2, 'gzip header checksum')).readUInt16LE(0) !== wantCrc)
    throw feed.error('MALFORMED', `expected gzip header checksum ${wantCrc.toString(16)}, got another`)
}

/** Refuses bytes after the last member: compress/gzip of Go takes NUL, too, for the header of one more. */
async function assertEnd(feed: Feed, options: DecoderOptions): Promise<void> {
  const { offset } = feed
  const got = await feed.drain()
  if (got === 0) return
  throw new IntegrityError('TRAILING_DATA', `${options.format}: expected the end after gzip, got ${got} more bytes`, {
    at: { ...options.where, offset },
    got,
    want: 0,
    bytesRead: feed.offset,
  })
}
