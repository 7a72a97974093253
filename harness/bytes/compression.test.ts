import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FormatError, IntegrityError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { decompress, detectCompression, type Compression } from './compression.ts'
import { bytesSource, type ByteSource } from './source.ts'

const where = { path: 'layer' }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const zstd = (content: string): Buffer => zstdCompressSync(content, checksum)
const SKIPPABLE = hex('532a4d18 05000000 0102030405')

/** A chunk holds until the next is asked for. */
const copyOf = (chunk: Uint8Array): Uint8Array => Uint8Array.from(chunk)

async function decode(source: ByteSource, kind: Compression, maxBytes = 1 << 20): Promise<string> {
  const chunks = await Array.fromAsync(decompress(source, kind, { format: 'layer', maxBytes }), copyOf)
  return Buffer.concat(chunks).toString('latin1')
}
const unzstd = (...parts: Uint8Array[]): Promise<string> => decode(bytesSource(Buffer.concat(parts), where), 'zstd')

const corrupt = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0x40
  return copy
}

describe('detectCompression', () => {
  it.for<[Compression, string]>([
    ['gzip', '1f8b0800'],
    ['zstd', '28b52ffd'],
    ['xz', 'fd377a585a00'],
    ['bzip2', '425a6839'],
    ['lz4', '04224d18'],
    ['lz4', '02214c18'],
    ['lzo', '894c5a4f000d0a1a0a'],
    ['lzma', '5d00008000'],
    ['none', '502a4d18'],
    ['none', '303730373031'],
    ['none', '1f'],
    ['none', ''],
  ])('says %s of %s', ([kind, bytes]) => {
    expect(detectCompression(hex(bytes))).toBe(kind)
  })
})

describe('decompress of zstd', () => {
  it('takes several frames, skippable ones and frames without a content size', async () => {
    const unsized = hex('28b52ffd 00 58 190000 6f6e65') // a window, no size, one raw block
    expect(await unzstd(unsized, SKIPPABLE, zstd(' two '), zstd(''), zstd('three'))).toBe('one two three')
    expect(await unzstd(SKIPPABLE)).toBe('')
    expect(await unzstd(zstd(''))).toBe('')
  })

  it('streams what is larger than a chunk, in chunks', async () => {
    const content = Buffer.alloc((5 << 20) + 3, 'abcdefg')
    const source = bytesSource(zstdCompressSync(content, checksum), where)
    const chunks = await Array.fromAsync(
      decompress(source, 'zstd', { format: 'layer', maxBytes: content.length }),
      copyOf,
    )
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(1 << 20)
  })

  const two = Buffer.concat([SKIPPABLE, zstd('twelve bytes')])
  it.for<[string, Buffer, HarnessCode, number]>([
    ['nothing', Buffer.alloc(0), 'TRUNCATED', -1],
    ['a cut frame', two.subarray(0, -1), 'TRUNCATED', 13],
    ['another magic', Buffer.from('plain text'), 'BAD_MAGIC', 0],
    ['a wrong byte, by the checksum', corrupt(two, two.length - 8), 'MALFORMED', 13],
    ['a wrong checksum', corrupt(two, two.length - 1), 'MALFORMED', 13],
    ['a wrong content size', corrupt(two, 13 + 5), 'MALFORMED', 13],
    ['a dictionary', hex('28b52ffd 01 00 05 010000'), 'UNSUPPORTED', 0],
    ['a window above the limit', hex('28b52ffd 00 89 010000'), 'LIMIT_EXCEEDED', 5],
  ])('%s is refused', async ([, bytes, code, offset]) => {
    const error = await expectCode(() => unzstd(bytes), FormatError, code)
    expect(error.at).toMatchObject(offset < 0 ? where : { ...where, offset })
  })

  it('says where the stream ended that something follows', async () => {
    const junk = Buffer.concat([two, Buffer.from('ju')])
    const error = await expectCode<IntegrityError>(() => unzstd(junk), IntegrityError, 'TRAILING_DATA')
    expect(error).toMatchObject({ got: 2, want: 0, bytesRead: two.length, at: { ...where, offset: two.length } })
    await expectCode(() => unzstd(two, Buffer.alloc(512)), IntegrityError, 'TRAILING_DATA')
  })

  it('stops at the limit, and not before', async () => {
    const source = bytesSource(zstdCompressSync(Buffer.alloc(1 << 24)), where)
    expect(await decode(source, 'zstd', 1 << 24)).toHaveLength(1 << 24)
    await expectCode(() => decode(source, 'zstd', (1 << 24) - 1), FormatError, 'LIMIT_EXCEEDED')
  })

  it('passes on what the source throws', async () => {
    const valid = bytesSource(zstd('text'), where)
    const failing: ByteSource = {
      ...valid,
      // oxlint-disable-next-line require-yield
      async *stream() {
        throw new IntegrityError('DIGEST_MISMATCH', 'layer: expected x, got y', { got: 'y', want: 'x', bytesRead: 4 })
      },
    }
    const error = await expectCode(() => decode(failing, 'zstd'), IntegrityError, 'DIGEST_MISMATCH')
    expect(error).not.toHaveProperty('cause')
  })

  it('ends the stream of the source when its reader stops early', async () => {
    const valid = bytesSource(zstdCompressSync(Buffer.alloc(8 << 20)), where)
    let closed = 0
    const watched: ByteSource = {
      ...valid,
      async *stream(start, end) {
        try {
          yield* valid.stream(start, end)
        } finally {
          closed++
        }
      },
    }
    for await (const chunk of decompress(watched, 'zstd', { format: 'layer', maxBytes: 1 << 30 })) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(closed).toBe(1)
  })
})

describe('decompress of other kinds', () => {
  it('passes through what is not compressed, and decodes gzip', async () => {
    expect(await decode(bytesSource(Buffer.from('plain'), where), 'none')).toBe('plain')
    expect(await decode(bytesSource(gzipSync('packed'), where), 'gzip')).toBe('packed')
    await expectCode(() => decode(bytesSource(Buffer.from('plain'), where), 'none', 4), FormatError, 'LIMIT_EXCEEDED')
  })
  it.for<Compression>(['xz', 'lzma', 'bzip2', 'lz4', 'lzo'])('names %s as unsupported', async (kind) => {
    const error = await expectCode(() => decode(bytesSource(hex('00'), where), kind), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain(kind)
  })
})

describeHostile(
  'zstd',
  {
    'two frames': () => Buffer.concat([zstd('some text. '.repeat(500)), SKIPPABLE, zstd('more')]),
    'a large frame': () => zstdCompressSync(Buffer.alloc(1 << 20, 'a longer text. '), checksum),
  },
  (source) => Array.fromAsync(decompress(source, 'zstd', { format: 'layer', maxBytes: 1 << 24 })),
)
