// Finds where zstd frames begin and end without decoding them, by their headers and block headers:
// RFC 8878 §3.1 (https://www.rfc-editor.org/rfc/rfc8878#section-3.1).
import { FormatError, type FormatCode } from '../errors.ts'
import { Cursor } from './cursor.ts'
import { ReadAhead } from './read-ahead.ts'
import { chunkMemory, type ByteSource } from './source.ts'

export type ZstdFrame = {
  /** Offset of the magic number in the source. */
  readonly offset: number
  /** Header, blocks and checksum; of a skippable frame its 8 bytes of header and what follows them. */
  readonly size: number
  readonly kind: 'data' | 'skippable'
  /** Bytes that a decoder must keep; data frames only. */
  readonly windowSize?: number
  /** Bytes of the content, where the header says so: a frame made from a pipe does not. */
  readonly contentSize?: number
  /** An XXH64 checksum ends the frame. */
  readonly hasChecksum: boolean
  /** The id of the dictionary that decoding needs; absent for none. */
  readonly dictionaryId?: number
}

type FrameHeader = Omit<ZstdFrame, 'offset' | 'size'> & { readonly length: number; readonly windowSize: number }

/** Magic_Number 0xFD2FB528, as its bytes are in the file. */
export const ZSTD_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd]
/** Skippable frames are 0x184D2A50 … 0x184D2A5F: the first byte is 0x5?. */
const SKIPPABLE_MAGIC: readonly number[] = [0x50, 0x2a, 0x4d, 0x18]

/** 128 MiB: the default limit of decoders (ZSTD_WINDOWLOG_LIMIT_DEFAULT = 27), Node's and the zstd command's. */
export const MAX_WINDOW_SIZE = 2 ** 27
/** Frames of one source: walking and decoding so many empty ones takes 8 s of processor time; images have one to some thousands. */
export const MAX_FRAMES = 1 << 16

/** Magic_Number 4, descriptor 1, window 0–1, dictionary 0–4, content size 0–8. */
const MAX_HEADER_SIZE = 18
/** Block_Maximum_Size is this or the window's size, whichever is smaller. */
const MAX_BLOCK_SIZE = 1 << 17
const BLOCK_HEADER_SIZE = 3
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3
const CHECKSUM_SIZE = 4

/**
 * The frame that begins at `offset`. FormatError: BAD_MAGIC where none begins, TRUNCATED where it ends after the
 * source, LIMIT_EXCEEDED for a window above MAX_WINDOW_SIZE or a size beyond 2^53, MALFORMED for reserved bits, a
 * reserved block type and a block that is too large. The content of blocks is not looked at.
 */
export async function readZstdFrame(source: ByteSource, offset: number): Promise<ZstdFrame> {
  const head = await source.read(offset, Math.min(MAX_HEADER_SIZE, Math.max(0, source.size - offset)))
  const cursor = new Cursor(head, 'zstd', source.where, offset)
  if (matchesMagic(head, SKIPPABLE_MAGIC, 0xf0)) {
    cursor.skip(4)
    const size = 8 + cursor.u32le('skippable frame size')
    assertInside(source, offset, offset + size)
    return { offset, size, kind: 'skippable', hasChecksum: false }
  }
  if (!matchesMagic(head, ZSTD_MAGIC, 0xff))
    throw cursor.error(
      'BAD_MAGIC',
      `expected a frame magic of 28b52ffd, got ${Buffer.from(head.subarray(0, 4)).toString('hex')}`,
    )
  cursor.skip(4)
  const { length, ...header } = parseHeader(cursor)
  const blocksEnd = await findBlocksEnd(source, offset + length, header.windowSize)
  const end = header.hasChecksum ? blocksEnd + CHECKSUM_SIZE : blocksEnd
  assertInside(source, offset, end)
  return { offset, size: end - offset, ...header }
}

/**
 * The frames one after the other from `start` (0) to exactly `end` (the source's), in order. Errors as of
 * readZstdFrame, and LIMIT_EXCEEDED above MAX_FRAMES.
 */
export async function* readZstdFrames(
  source: ByteSource,
  start = 0,
  end = source.size,
): AsyncGenerator<ZstdFrame, void, void> {
  const part = end === source.size ? source : source.slice(0, end)
  let at = start
  for (let count = 1; at < end; count++) {
    if (count > MAX_FRAMES) throw fail(source, 'LIMIT_EXCEEDED', `expected at most ${MAX_FRAMES} frames, got more`, at)
    const frame = await readZstdFrame(part, at)
    yield frame
    at += frame.size
  }
}

/**
 * The bytes of the data frame that begins at `offset`, as far as the source has come: its end is found on the way, in chunks
 * that hold until the next is asked for. Errors of readZstdFrame; UNSUPPORTED for a frame to skip, and for a dictionary.
 */
export async function* streamZstdFrame(source: ByteSource, offset: number): AsyncGenerator<Uint8Array, void, void> {
  const head = await source.read(offset, Math.min(MAX_HEADER_SIZE, Math.max(0, source.size - offset)))
  const cursor = new Cursor(head, 'zstd', source.where, offset)
  if (head.length < ZSTD_MAGIC.length || !matchesMagic(head, ZSTD_MAGIC, 0xff))
    throw cursor.error('UNSUPPORTED', 'expected a frame of data, got another')
  const { length, windowSize, hasChecksum, dictionaryId } = parseHeader(cursor.skip(ZSTD_MAGIC.length))
  if (dictionaryId !== undefined) throw cursor.error('UNSUPPORTED', `expected no dictionary, got id ${dictionaryId}`)
  let block = offset + length
  let end: number | undefined
  let at = offset
  for await (const chunk of source.stream(offset, source.size, chunkMemory(source))) {
    while (end === undefined && block + BLOCK_HEADER_SIZE <= at + chunk.length) {
      const inChunk = block >= at ? chunk.subarray(block - at, block - at + BLOCK_HEADER_SIZE) : undefined
      const { next, isLast } = parseBlock(
        source,
        inChunk ?? (await source.read(block, BLOCK_HEADER_SIZE)),
        block,
        windowSize,
      )
      if (isLast) end = hasChecksum ? next + CHECKSUM_SIZE : next
      block = next
    }
    if (end !== undefined) assertInside(source, offset, end)
    yield end === undefined ? chunk : chunk.subarray(0, end - at)
    at += chunk.length
    if (end !== undefined && at >= end) return
  }
  throw fail(source, 'TRUNCATED', `expected a block header, got ${Math.max(0, source.size - block)} bytes`, block)
}

function fail(source: ByteSource, code: FormatCode, message: string, offset: number): FormatError {
  return new FormatError('zstd', code, message, { at: { ...source.where, offset } })
}

/** True also of a magic number that the end of the source cuts short: what lacks is then said by the next read. */
function matchesMagic(head: Uint8Array, magic: readonly number[], firstByteMask: number): boolean {
  if (head.length === 0) return true
  return magic.every((byte, index) => {
    const got = head[index]
    return got === undefined || (index === 0 ? (got & firstByteMask) === byte : got === byte)
  })
}

function assertInside(source: ByteSource, offset: number, end: number): void {
  if (end > source.size)
    throw fail(source, 'TRUNCATED', `expected a frame of ${end - offset} bytes, got ${source.size - offset}`, offset)
}

/** §3.1.1.1; `cursor` is after the magic number. */
function parseHeader(cursor: Cursor): FrameHeader {
  // Frame_Header_Descriptor: 7–6 content size flag, 5 single segment, 4 unused, 3 reserved, 2 checksum, 1–0 dictionary
  // flag
  const descriptor = cursor.u8('frame header descriptor')
  if ((descriptor & 0x08) !== 0)
    throw cursor.error('MALFORMED', `expected the reserved bit 0, got descriptor 0x${descriptor.toString(16)}`, 4)
  const singleSegment = (descriptor & 0x20) !== 0
  const windowAt = cursor.position
  const windowField = singleSegment ? undefined : parseWindow(cursor.u8('window descriptor'))
  const dictionaryId = readField(cursor, [0, 1, 2, 4][descriptor & 3] ?? 0, 'dictionary id')
  const contentSize = readContentSize(cursor, descriptor >> 6, singleSegment)
  const windowSize = windowField ?? contentSize ?? 0
  if (windowSize > MAX_WINDOW_SIZE)
    throw cursor.error('LIMIT_EXCEEDED', `expected a window of at most ${MAX_WINDOW_SIZE}, got ${windowSize}`, windowAt)
  return {
    kind: 'data',
    length: cursor.position,
    windowSize,
    hasChecksum: (descriptor & 0x04) !== 0,
    ...(contentSize === undefined ? {} : { contentSize }),
    ...(dictionaryId === 0 ? {} : { dictionaryId }),
  }
}

/** §3.1.1.1.2: bits 7–3 exponent, 2–0 mantissa in eighths. */
function parseWindow(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function readField(cursor: Cursor, size: number, what: string): number {
  if (size === 0) return 0
  if (size === 1) return cursor.u8(what)
  return size === 2 ? cursor.u16le(what) : cursor.u32le(what)
}

/** §3.1.1.1.4: flag 0 means one byte in a single segment and none otherwise; two bytes count from 256. */
function readContentSize(cursor: Cursor, flag: number, singleSegment: boolean): number | undefined {
  if (flag === 0) return singleSegment ? cursor.u8('content size') : undefined
  if (flag === 1) return 256 + cursor.u16le('content size')
  return flag === 2 ? cursor.u32le('content size') : cursor.count64le('content size')
}

/** §3.1.1.2: goes from block header to block header until the one marked last. */
async function findBlocksEnd(source: ByteSource, start: number, windowSize: number): Promise<number> {
  const ahead = new ReadAhead(source)
  for (let at = start; ;) {
    if (at + BLOCK_HEADER_SIZE > source.size)
      throw fail(source, 'TRUNCATED', `expected a block header, got ${Math.max(0, source.size - at)} bytes`, at)
    const bytes = ahead.peek(at, BLOCK_HEADER_SIZE) ?? (await ahead.read(at, BLOCK_HEADER_SIZE))
    const { next, isLast } = parseBlock(source, bytes, at, windowSize)
    at = next
    if (isLast) return at
  }
}

type Block = { readonly next: number; readonly isLast: boolean }

/** The block whose header, at `at`, begins `bytes`. */
function parseBlock(source: ByteSource, bytes: Uint8Array, at: number, windowSize: number): Block {
  const maxBlock = Math.min(windowSize, MAX_BLOCK_SIZE)
  // Block_Header, 24 bits little-endian: 0 last block, 2–1 type, 23–3 size
  const header = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16)
  const type = (header >> 1) & 3
  const size = header >> 3
  if (type === RESERVED_BLOCK) throw fail(source, 'MALFORMED', 'expected block type 0, 1 or 2, got 3', at)
  if (size > maxBlock) throw fail(source, 'MALFORMED', `expected a block of at most ${maxBlock} bytes, got ${size}`, at)
  // The size of an RLE block is that of its content; one byte of it is stored.
  return { next: at + BLOCK_HEADER_SIZE + (type === RLE_BLOCK ? 1 : size), isLast: (header & 1) === 1 }
}
