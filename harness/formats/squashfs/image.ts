// What every part of the reader shares: the bytes, the superblock, the decompressor and the counters.
import { promisify } from 'node:util'
import { constants, inflate, zstdDecompress } from 'node:zlib'
import type { ByteSource } from '../../bytes/source.ts'
import { FormatError, type FormatCode } from '../../errors.ts'
import { FORMAT, SUPERBLOCK_SIZE, type Superblock } from './superblock.ts'

export type Stats = {
  /** Data and fragment blocks that were read; a sparse block is none. */
  blocksDecoded: number
  metadataBlocksDecoded: number
}

export type Image = { readonly source: ByteSource; readonly superblock: Superblock; readonly stats: Stats }

const inflateBlock = promisify(inflate)
const zstdBlock = promisify(zstdDecompress)
/** What Node says of more output than allowed, and zstd of a frame that wants a bigger window. */
const TOO_BIG: ReadonlySet<string> = new Set(['ERR_BUFFER_TOO_LARGE', 'ZSTD_error_frameParameter_windowTooLarge'])

/** An error at an offset of the image. */
export function imageError(image: Image, code: FormatCode, message: string, offset: number): FormatError {
  return new FormatError(FORMAT, code, message, { at: { ...image.source.where, offset } })
}

/** `length` bytes at `offset`, which must lie between the superblock and the end that the superblock names. */
export async function readInside(image: Image, what: string, offset: number, length: number): Promise<Uint8Array> {
  assertInside(image, what, offset, length)
  return image.source.read(offset, length)
}

export function assertInside(image: Image, what: string, offset: number, length: number): void {
  const end = image.superblock.bytesUsed
  if (offset < SUPERBLOCK_SIZE || offset + length > end)
    throw imageError(
      image,
      'MALFORMED',
      `${what}, expected ${length} bytes at ${offset} inside ${SUPERBLOCK_SIZE} to ${end}`,
      Math.min(offset, end),
    )
}

/**
 * One compressed block on a thread of libuv. UNSUPPORTED names a compressor that is not decoded here; LIMIT_EXCEEDED
 * for more than `maxBytes`, which is how a bomb looks; MALFORMED for anything that does not decode.
 */
export async function decompress(
  image: Image,
  what: string,
  bytes: Uint8Array,
  maxBytes: number,
  at: number,
): Promise<Uint8Array> {
  const { compression, blockLog } = image.superblock
  // One byte more than fits: a block of exactly `maxBytes` then ends in the first and only round through the pool.
  const options = { maxOutputLength: maxBytes, chunkSize: maxBytes + 1 }
  try {
    if (compression === 'gzip') return await inflateBlock(bytes, options)
    if (compression === 'zstd')
      // The kernel gives zstd no bigger window than a block either; without a bound a frame may ask for 128 MiB.
      return await zstdBlock(bytes, { ...options, params: { [constants.ZSTD_d_windowLogMax]: Math.max(13, blockLog) } })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const error = TOO_BIG.has(code)
      ? imageError(image, 'LIMIT_EXCEEDED', `${what}, expected at most ${maxBytes} bytes, got more`, at)
      : imageError(image, 'MALFORMED', `${what}, expected a ${compression} stream, got ${code}`, at)
    error.cause = cause
    throw error
  }
  throw imageError(image, 'UNSUPPORTED', `${what}, expected gzip or zstd, got ${compression}`, at)
}

/** Calls `action` for 0 … count−1, at most `limit` at a time; no new one begins after a failure. */
export async function forEachLimited(
  count: number,
  limit: number,
  action: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    try {
      while (next < count) await action(next++)
    } catch (error) {
      next = count
      throw error
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker))
}

/** Blocks that are read and decoded at a time: enough for every core, few enough that memory stays flat. */
export const CONCURRENCY = 8
