// Runs a decoder of node:zlib over bytes that are pulled as it wants them: streaming, on the threads of libuv.
import type { InflateRaw, ZstdDecompress } from 'node:zlib'
import { FormatError, type Location } from '../errors.ts'
import { freeChunk } from './source.ts'

/** Gives the next bytes, undefined at the end. */
export type Pull = () => Promise<Uint8Array | undefined>

export type DecoderOptions = {
  readonly where: Location
  /** Short name for errors: `gzip`, `zstd`, or that of what is decompressed. */
  readonly format: string
  /** Limit for decompressed bytes; more is LIMIT_EXCEEDED. */
  readonly maxBytes: number
}

/**
 * Decoded chunks, each of which holds until the next is asked for; returns the bytes that were pulled but are after
 * the end of the compressed stream. FormatError TRUNCATED and MALFORMED, located where the last valid piece of the
 * input ended (`skipped`: how much of the input is before and between the bytes pulled); what `pull` throws goes
 * through as it is. The engine is destroyed at the end.
 */
export async function* runEngine(
  engine: InflateRaw | ZstdDecompress,
  pull: Pull,
  skipped: () => number,
  options: DecoderOptions,
): AsyncGenerator<Uint8Array, Uint8Array, void> {
  const failure: { input?: { readonly error: unknown } } = {}
  const feeding = feed(engine, pull).catch((error: unknown) => {
    failure.input = { error }
    engine.destroy()
    return new Uint8Array(0)
  })
  try {
    for await (const chunk of engine) {
      yield chunk as Uint8Array
      freeChunk(chunk as Uint8Array)
    }
    return await feeding
  } catch (cause) {
    if (failure.input !== undefined) throw failure.input.error
    throw toFormatError(cause, skipped() + engine.bytesWritten, options)
  } finally {
    engine.destroy()
  }
}

async function feed(engine: InflateRaw | ZstdDecompress, pull: Pull): Promise<Uint8Array> {
  for (let fed = 0; ;) {
    const chunk = await pull()
    if (chunk === undefined) {
      engine.end()
      return new Uint8Array(0)
    }
    fed += chunk.length
    await new Promise<void>((resolve) => engine.write(chunk, () => resolve()))
    // An engine at the end of its stream leaves what follows unread, and ends its output by itself.
    if (engine.bytesWritten < fed) return chunk.subarray(chunk.length - (fed - engine.bytesWritten))
  }
}

/** Wraps an error of zlib or zstd, which has a code; errors about the input itself do not come here. */
function toFormatError(cause: unknown, offset: number, options: DecoderOptions): FormatError {
  const { code, message } = cause as { readonly code?: string; readonly message?: string }
  const truncated = code === 'Z_BUF_ERROR'
  return new FormatError(
    options.format,
    truncated ? 'TRUNCATED' : 'MALFORMED',
    truncated ? 'expected more compressed bytes, got the end' : `expected valid compressed bytes, got: ${message}`,
    { at: { ...options.where, offset }, cause },
  )
}

/** The same chunks, until they come to more than `maxBytes`: LIMIT_EXCEEDED. */
export async function* metered(
  chunks: AsyncIterable<Uint8Array>,
  options: DecoderOptions,
): AsyncGenerator<Uint8Array, void, void> {
  let total = 0
  for await (const chunk of chunks) {
    total += chunk.length
    if (total > options.maxBytes)
      throw new FormatError(
        options.format,
        'LIMIT_EXCEEDED',
        `expected at most ${options.maxBytes} decompressed bytes, got more`,
        { at: options.where },
      )
    yield chunk
  }
}
