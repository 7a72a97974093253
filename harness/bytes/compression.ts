// Recognises compressions by their magic numbers and decodes the two that Talos images use today, gzip and zstd.
import { createZstdDecompress } from 'node:zlib'
import { FormatError, IntegrityError } from '../errors.ts'
import { metered, runEngine, type DecoderOptions, type Pull } from './compression-engine.ts'
import { gunzipChunks } from './compression-gzip.ts'
import { CHUNK_SIZE, chunkMemory, type ByteSource } from './source.ts'
import { readZstdFrames, ZSTD_MAGIC, type ZstdFrame } from './zstd-frames.ts'

export { gunzipChunks, measureGzipMember } from './compression-gzip.ts'

export type Compression = 'gzip' | 'zstd' | 'xz' | 'lzma' | 'bzip2' | 'lz4' | 'lzo' | 'none'
export type DecompressOptions = Omit<DecoderOptions, 'where'>

/** Magic numbers, as linux v6.12 lib/decompress.c has them, and lz4's frame format beside its legacy one. */
const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', ZSTD_MAGIC],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['lzo', [0x89, 0x4c, 0x5a, 0x4f]],
  ['lzma', [0x5d, 0x00, 0x00]],
]

/** The number of first bytes that `detectCompression` looks at. */
export const COMPRESSION_MAGIC_SIZE = 6

/** The compression whose magic number `firstBytes` begin with; 'none' for all else, a skippable zstd frame too. */
export function detectCompression(firstBytes: Uint8Array): Compression {
  const found = MAGICS.find(([, magic]) => magic.every((byte, index) => firstBytes[index] === byte))
  return found?.[0] ?? 'none'
}

/**
 * The same for a layer, whose first zstd frame may be one to skip (zstd:chunked): containerd v2.1
 * pkg/archive/compression. The kernel unpacks no initramfs that begins so.
 */
export function detectLayerCompression(firstBytes: Uint8Array): Compression {
  const [first = 0, ...rest] = firstBytes.subarray(0, SKIPPABLE_REST.length + 1)
  const isSkippable = first >> 4 === 5 && SKIPPABLE_REST.every((byte, at) => rest[at] === byte)
  return isSkippable ? 'zstd' : detectCompression(firstBytes)
}

/** 0x184D2A5? as its bytes are in the file, without the first. */
const SKIPPABLE_REST: readonly number[] = [0x2a, 0x4d, 0x18]

/**
 * The content of the whole of `source`, in chunks that hold until the next is asked for: all members of gzip, all
 * frames of zstd. FormatError BAD_MAGIC, TRUNCATED, MALFORMED (also a wrong checksum), LIMIT_EXCEEDED, UNSUPPORTED
 * (any other kind, a zstd dictionary); IntegrityError TRAILING_DATA. 'none' passes the bytes through.
 */
export async function* decompress(
  source: ByteSource,
  kind: Compression,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const decoder: DecoderOptions = { ...options, where: source.where }
  if (kind === 'gzip') yield* gunzipChunks(source.stream(0, source.size, chunkMemory(source)), decoder)
  else if (kind === 'zstd') yield* unzstd(source, decoder)
  else if (kind === 'none') yield* metered(source.stream(), decoder)
  else
    throw new FormatError(options.format, 'UNSUPPORTED', `expected gzip or zstd, got ${kind}`, {
      at: source.where,
    })
}

/**
 * One decoder takes all frames, in pieces of which none reaches over the end of a frame: there it would stop without a
 * word where junk follows.
 */
async function* unzstd(source: ByteSource, options: DecoderOptions): AsyncGenerator<Uint8Array, void, void> {
  if (source.size === 0)
    throw new FormatError(options.format, 'TRUNCATED', 'expected a zstd frame, got nothing', { at: source.where })
  const skipped = { bytes: 0 }
  yield* unzstdChunks(storedFrames(source, options, skipped), options, () => skipped.bytes)
}

/**
 * The content of the frames that `stored` gives the bytes of, none of its chunks over the end of one; in chunks that hold
 * until the next is asked for. Errors of `decompress`; `skipped` is what lies before and between these bytes.
 */
export async function* unzstdChunks(
  stored: AsyncGenerator<Uint8Array, void, void>,
  options: DecoderOptions,
  skipped: () => number = () => 0,
): AsyncGenerator<Uint8Array, void, void> {
  const first = await stored.next()
  if (first.done === true) return
  let pending: Uint8Array | undefined = first.value
  const pull: Pull = async () => {
    const chunk = pending ?? (await stored.next()).value
    pending = undefined
    return chunk ?? undefined
  }
  try {
    yield* metered(runEngine(createZstdDecompress({ chunkSize: CHUNK_SIZE }), pull, skipped, options), options)
  } finally {
    await stored.return()
  }
}

/** The bytes of the data frames as they are stored; counts those of the frames between them. */
async function* storedFrames(
  source: ByteSource,
  options: DecoderOptions,
  skipped: { bytes: number },
): AsyncGenerator<Uint8Array, void, void> {
  let end = 0
  const memory = chunkMemory(source)
  try {
    for await (const frame of readZstdFrames(source)) {
      end = frame.offset + frame.size
      if (frame.kind === 'skippable') skipped.bytes += frame.size
      else yield* storedFrame(source, frame, memory, options)
    }
  } catch (cause) {
    if (end === 0 || !(cause instanceof FormatError) || cause.code !== 'BAD_MAGIC') throw cause
    const got = source.size - end
    throw new IntegrityError('TRAILING_DATA', `${options.format}: expected the end after zstd, got ${got} more bytes`, {
      at: { ...source.where, offset: end },
      cause,
      got,
      want: 0,
      bytesRead: end,
    })
  }
}

async function* storedFrame(
  source: ByteSource,
  frame: ZstdFrame,
  memory: Uint8Array | undefined,
  options: DecoderOptions,
): AsyncGenerator<Uint8Array, void, void> {
  if (frame.dictionaryId !== undefined)
    throw new FormatError(options.format, 'UNSUPPORTED', `expected no dictionary, got id ${frame.dictionaryId}`, {
      at: { ...source.where, offset: frame.offset },
    })
  yield* source.stream(frame.offset, frame.offset + frame.size, memory)
}
