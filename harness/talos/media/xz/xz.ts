// Decodes xz with xz-decompress: xz-embedded of the Linux kernel's author, in WebAssembly. All blocks of a stream, streams one
// after another and the padding between them (https://tukaani.org/xz/xz-file-format.txt); LZMA2 alone, as `xz` makes it.
import { createRequire } from 'node:module'
import { FormatError, type FormatCode } from '../../../errors.ts'
import { metered, type DecoderOptions } from '../../../bytes/compression-engine.ts'
import type { ByteSource } from '../../../bytes/source.ts'

/** The package is of CommonJS, whose names Node does not see: an import would have none. */
const load = (): typeof import('xz-decompress') =>
  createRequire(import.meta.url)('xz-decompress') as typeof import('xz-decompress')

/** `enum xz_ret` of xz-embedded (linux/xz.h), as the package puts it into its messages. */
const RESULT = /error code (\d+)$/
const FAILURES: ReadonlyMap<number, readonly [FormatCode, string]> = new Map([
  [2, ['UNSUPPORTED', 'expected a check of none, CRC32 or CRC64, got another']],
  [3, ['LIMIT_EXCEEDED', 'expected a dictionary that fits into memory, got a larger one']],
  [4, ['LIMIT_EXCEEDED', 'expected a dictionary of at most 64 MiB, got a larger one']],
  [5, ['BAD_MAGIC', 'expected a stream of xz, or the end, got other bytes']],
  [6, ['UNSUPPORTED', 'expected LZMA2 alone, and a check of none, CRC32 or CRC64, got another filter or check']],
  [7, ['MALFORMED', 'expected valid xz, whose checks hold, got other bytes']],
  [8, ['TRUNCATED', 'expected more compressed bytes, got the end']],
])

/**
 * The content of all of `source`. FormatError BAD_MAGIC, TRUNCATED, MALFORMED, UNSUPPORTED (SHA-256, BCJ and delta filters),
 * LIMIT_EXCEEDED, located where the input was read to. The package decodes one source at a time: of two, the second waits
 * until the first was read to its end, or was returned.
 */
export async function* unxz(source: ByteSource, options: DecoderOptions): AsyncGenerator<Uint8Array, void, void> {
  const { where } = source
  const fail = (code: FormatCode, message: string, offset: number, cause?: unknown): FormatError =>
    new FormatError(options.format, code, message, { at: { ...where, offset }, cause })
  if (source.size === 0) throw fail('TRUNCATED', 'expected a stream of xz, got nothing', 0)
  yield* metered(decode(source, fail), options)
}

type Fail = (code: FormatCode, message: string, offset: number, cause?: unknown) => FormatError

async function* decode(source: ByteSource, fail: Fail): AsyncGenerator<Uint8Array, void, void> {
  const input: { offset: number; error?: unknown } = { offset: 0 }
  const { XzReadableStream } = load()
  const reader = new XzReadableStream(ReadableStream.from(counted(source, input))).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      if (value.length > 0) yield value
    }
  } catch (cause) {
    if (input.error !== undefined) throw input.error
    const [, result] = RESULT.exec(cause instanceof Error ? cause.message : '') ?? []
    const [code, message] = FAILURES.get(Number(result)) ?? ['MALFORMED', 'expected valid xz, got other bytes']
    throw fail(code, message, input.offset, cause)
  } finally {
    // Without it the next source would wait for ever; a stream that failed or ended has let it go already.
    await reader.cancel().catch(() => undefined)
  }
}

/** The bytes of `source`; its errors are kept, for the package reports them as its own. */
async function* counted(source: ByteSource, input: { offset: number; error?: unknown }) {
  try {
    for await (const chunk of source.stream()) {
      input.offset += chunk.length
      yield chunk
    }
  } catch (error) {
    input.error = error
    throw error
  }
}
