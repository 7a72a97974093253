// State that every part of the reader shares: the bytes, the superblock, the decompressor and the counters.
import { promisify } from 'node:util'
import { constants, inflate, zstdDecompress } from 'node:zlib'
import { bytesSource, type ByteSource } from '../../bytes/source.ts'
import { readZstdFrame } from '../../bytes/zstd-frames.ts'
import { FormatError, type FormatCode } from '../../errors.ts'
import { FORMAT, SUPERBLOCK_SIZE, type Superblock } from './superblock.ts'

export type Stats = {
  /** Data and fragment blocks that were read; a sparse block is none. */
  blocksDecoded: number
  metadataBlocksDecoded: number
}

/** Bytes of files that may still be there: images of one initramfs share them, holes count like content. */
export type ContentAllowance = { contentBytes: number }

/** Everything that extensions bring is on the node's root filesystem; NVIDIA's have some hundred MiB. */
export const MAX_CONTENT_BYTES = 2 ** 31

export type Image = {
  readonly source: ByteSource
  readonly superblock: Superblock
  readonly stats: Stats
  readonly allowance: ContentAllowance
}

const inflateBlock = promisify(inflate)
const zstdBlock = promisify(zstdDecompress)
/** Error codes of Node for more output than allowed, and of zstd for a frame that wants a bigger window. */
const TOO_BIG: ReadonlySet<string> = new Set(['ERR_BUFFER_TOO_LARGE', 'ZSTD_error_frameParameter_windowTooLarge'])

/** An error at an offset of the image. */
export function imageError(image: Image, code: FormatCode, message: string, offset: number): FormatError {
  return new FormatError(FORMAT, code, message, { at: { ...image.source.where, offset } })
}

/** `length` bytes at `offset`, which must be between the superblock and the end that the superblock names. */
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
  const { compression } = image.superblock
  // One byte more than fits: a block of exactly `maxBytes` then ends in the first and only round through the pool.
  const options = { maxOutputLength: maxBytes, chunkSize: maxBytes + 1 }
  if (compression !== 'gzip' && compression !== 'zstd')
    throw imageError(image, 'UNSUPPORTED', `${what}, expected gzip or zstd, got ${compression}`, at)
  try {
    const decoded = await (compression === 'gzip'
      ? inflateBlock(bytes, options)
      : decompressFrames(image, bytes, maxBytes))
    if (compression === 'zstd') await assertOneFrame(image, what, bytes, at)
    return decoded
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const error = TOO_BIG.has(code)
      ? imageError(image, 'LIMIT_EXCEEDED', `${what}, expected at most ${maxBytes} bytes, got more`, at)
      : imageError(image, 'MALFORMED', `${what}, expected a ${compression} stream, got ${code}`, at)
    error.cause = cause
    throw error
  }
}

/** The content of all frames in `bytes`. Errors of zlib, also for more than `maxBytes`. */
export function decompressFrames({ superblock }: Image, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // The kernel gives zstd no bigger window than a block either; without a bound a frame may ask for 128 MiB.
  const params = { [constants.ZSTD_d_windowLogMax]: Math.max(13, superblock.blockLog) }
  return zstdBlock(bytes, { maxOutputLength: maxBytes, chunkSize: maxBytes + 1, params })
}

/** Decoders leave what is behind a frame alone, or take it for another frame. */
async function assertOneFrame(image: Image, what: string, bytes: Uint8Array, at: number): Promise<void> {
  const { size } = await readZstdFrame(bytesSource(bytes, image.source.where), 0)
  if (size !== bytes.length)
    throw imageError(
      image,
      'MALFORMED',
      `${what}, expected one zstd frame, got ${bytes.length - size} bytes behind it`,
      at,
    )
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
