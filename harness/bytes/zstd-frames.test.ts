import { constants, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FormatError, type FormatCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { bytesSource } from './source.ts'
import {
  MAX_FRAMES,
  MAX_WINDOW_SIZE,
  readZstdFrame,
  readZstdFrames,
  streamZstdFrame,
  type ZstdFrame,
} from './zstd-frames.ts'

const where = { path: 'a.zst' }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const at = (bytes: Uint8Array, offset = 0): Promise<ZstdFrame> => readZstdFrame(bytesSource(bytes, where), offset)
const all = (bytes: Uint8Array, start?: number, end?: number): Promise<ZstdFrame[]> =>
  Array.fromAsync(readZstdFrames(bytesSource(bytes, where), start, end))

const MAGIC = '28b52ffd'
const EMPTY = `${MAGIC} 20 00 010000`
const SKIPPABLE = '5f2a4d18 03000000 aabbcc'

describe('a data frame', () => {
  it.for<[string, string, Partial<ZstdFrame>]>([
    ['a single segment with a size of one byte', `${MAGIC} 20 02 110000 6162`, { contentSize: 2, windowSize: 2 }],
    ['a single segment with a size of two bytes', `${MAGIC} 60 0001 030800 61`, { contentSize: 512, windowSize: 512 }],
    ['a size of four bytes', `${MAGIC} a0 02000000 110000 6162`, { contentSize: 2, windowSize: 2 }],
    [
      'a size of eight bytes beside a window',
      `${MAGIC} c0 00 0200000000000000 110000 6162`,
      { contentSize: 2, windowSize: 1024 },
    ],
    ['no size, as made from a pipe', `${MAGIC} 00 58 010000`, { windowSize: 2 ** 21 }],
    ['a window with a mantissa', `${MAGIC} 00 0b 010000`, { windowSize: 2048 + 3 * 256 }],
    ['the largest window', `${MAGIC} 00 88 010000`, { windowSize: MAX_WINDOW_SIZE }],
    ['a checksum', `${MAGIC} 04 00 010000 99e9d851`, { windowSize: 1024, hasChecksum: true }],
    ['a dictionary of one byte', `${MAGIC} 01 00 05 010000`, { windowSize: 1024, dictionaryId: 5 }],
    ['a dictionary of two bytes', `${MAGIC} 02 00 0501 010000`, { windowSize: 1024, dictionaryId: 0x105 }],
    ['a dictionary of four bytes', `${MAGIC} 03 00 05010000 010000`, { windowSize: 1024, dictionaryId: 0x105 }],
    ['dictionary 0, which is none', `${MAGIC} 01 00 00 010000`, { windowSize: 1024 }],
    ['blocks of all three types', `${MAGIC} 00 00 100000 6162 020100 63 150000 0000`, { windowSize: 1024 }],
  ])('with %s', async ([, text, expected]) => {
    const bytes = hex(text)
    expect(await at(bytes)).toEqual({ offset: 0, size: bytes.length, kind: 'data', hasChecksum: false, ...expected })
  })

  it('ends where the encoder ended it', async () => {
    const content = Buffer.alloc(3_000_000, 'some text that repeats, but not too soon. ')
    for (let index = 0; index < content.length; index += 7) content[index] = (index * 2654435761) >>> 24
    const params = { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 1 }
    const frame = zstdCompressSync(content, { params })
    const found = await at(Buffer.concat([Buffer.alloc(5), frame, Buffer.from(MAGIC, 'hex')]), 5)
    expect(found).toMatchObject({ offset: 5, size: frame.length, hasChecksum: true })
  })
})

describe('frames in a row', () => {
  it('are found with the skippable ones among them', async () => {
    const frames = await all(hex(`${SKIPPABLE} ${EMPTY} 502a4d1800000000 ${EMPTY}`))
    expect(frames.map(({ kind, offset, size }) => [kind, offset, size])).toEqual([
      ['skippable', 0, 11],
      ['data', 11, 9],
      ['skippable', 20, 8],
      ['data', 28, 9],
    ])
  })
  it('are read between two offsets, which a frame may not reach over', async () => {
    expect(await all(hex(`${SKIPPABLE} ${EMPTY} ${EMPTY}`), 11, 20)).toHaveLength(1)
    expect(await all(hex(EMPTY), 9)).toEqual([])
    await expectCode(() => all(hex(`${EMPTY} ${EMPTY}`), 0, 15), FormatError, 'TRUNCATED')
  })
  it('are not more than a limit', async () => {
    const bytes = Buffer.alloc(8 * (MAX_FRAMES + 1), hex('502a4d1800000000'))
    const error = await expectCode(() => all(bytes), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ ...where, offset: 8 * MAX_FRAMES })
  })
})

describe('a broken frame', () => {
  it.for<[string, string, FormatCode, number]>([
    ['nothing', '', 'TRUNCATED', 0],
    ['a cut magic', '28b52f', 'TRUNCATED', 3],
    ['a cut skippable magic', '532a', 'TRUNCATED', 2],
    ['another magic', '1f8b0800', 'BAD_MAGIC', 0],
    ['another magic that is cut', '28b500', 'BAD_MAGIC', 0],
    ['the magic of zstd 0.7', '27b52ffd', 'BAD_MAGIC', 0],
    ['a skippable frame without a size', '502a4d18 0300', 'TRUNCATED', 4],
    ['a skippable frame beyond the end', '502a4d18 ffffffff 00', 'TRUNCATED', 0],
    ['no descriptor', MAGIC, 'TRUNCATED', 4],
    ['no window', `${MAGIC} 00`, 'TRUNCATED', 5],
    ['half a content size', `${MAGIC} a0 0000`, 'TRUNCATED', 5],
    ['no block', `${MAGIC} 00 00`, 'TRUNCATED', 6],
    ['half a block header', `${MAGIC} 00 00 0100`, 'TRUNCATED', 6],
    ['a block beyond the end', `${MAGIC} 00 00 110000 61`, 'TRUNCATED', 0],
    ['no last block', `${MAGIC} 00 00 100000 6162`, 'TRUNCATED', 11],
    ['half a checksum', `${MAGIC} 04 00 010000 99e9`, 'TRUNCATED', 0],
    ['the reserved bit', `${MAGIC} 08 00 010000`, 'MALFORMED', 4],
    ['the reserved block type', `${MAGIC} 00 00 070000`, 'MALFORMED', 6],
    ['a block larger than 128 KiB', `${MAGIC} 00 88 0b0010`, 'MALFORMED', 6],
    ['a block larger than the window', `${MAGIC} 00 00 092000 `, 'MALFORMED', 6],
    ['a window above the limit', `${MAGIC} 00 89 010000`, 'LIMIT_EXCEEDED', 5],
    ['a segment above the limit', `${MAGIC} a0 01000008 010000`, 'LIMIT_EXCEEDED', 5],
    ['a content size beyond 2^53', `${MAGIC} c0 00 ffffffffffffffff 010000`, 'LIMIT_EXCEEDED', 6],
  ])('%s is refused', async ([, text, code, offset]) => {
    const error = await expectCode(() => at(hex(text)), FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
  })
})

it('walks a million empty blocks without a read for each', async () => {
  const bytes = Buffer.alloc(6 + 3_000_000)
  hex(`${MAGIC} 00 00`).copy(bytes)
  bytes[6 + 2_999_997] = 1
  let reads = 0
  const source = bytesSource(bytes, where)
  const counting = { ...source, read: (offset: number, length: number) => (reads++, source.read(offset, length)) }
  expect((await readZstdFrame(counting, 0)).size).toBe(bytes.length)
  expect(reads).toBeLessThan(1000)
})

describeHostile(
  'zstd frames',
  {
    'frames of three kinds': () =>
      Buffer.concat([
        hex(SKIPPABLE),
        zstdCompressSync(Buffer.alloc(70_000, 'text')),
        hex(`${MAGIC} 04 58 020100 63 010000 00000000`),
      ]),
  },
  (source) => Array.fromAsync(readZstdFrames(source)),
)

describe('streamZstdFrame', () => {
  const stream = async (bytes: Uint8Array, offset = 0): Promise<Buffer> =>
    Buffer.concat(await Array.fromAsync(streamZstdFrame(bytesSource(bytes, where), offset)))
  /** A raw block: 0 last block, 2–1 type, 23–3 size. */
  const block = (size: number, last = 0): Buffer => {
    const header = Buffer.alloc(3)
    header.writeUIntLE((size << 3) | last, 0, 3)
    return Buffer.concat([header, Buffer.alloc(size, size)])
  }

  it.for([
    ['one block', Buffer.concat([hex(`${MAGIC} 00 58`), block(5, 1)])],
    ['a checksum', hex(`${MAGIC} 04 00 010000 99e9d851`)],
    ['a run of one byte', hex(`${MAGIC} 00 00 100000 6162 020100 63 150000 0000`)],
    // The last header is the last byte of one chunk and two of the next.
    [
      'several chunks',
      Buffer.concat([
        hex(`${MAGIC} 00 58`),
        ...Array.from({ length: 7 }, () => block(131_072)),
        block(131_041),
        block(9, 1),
      ]),
    ],
    [
      'what a compressor makes',
      zstdCompressSync(Buffer.from(Array.from({ length: 3 << 20 }, (_, index) => index ** 3))),
    ],
  ] as const)('gives exactly the bytes of %s, whatever is around them', async ([, frame]) => {
    const { size } = await at(frame)
    expect(size).toBe(frame.length)
    expect((await stream(Buffer.concat([frame, hex(EMPTY)]))).equals(frame)).toBe(true)
    expect((await stream(Buffer.concat([hex(EMPTY), frame, Buffer.alloc(7)]), hex(EMPTY).length)).equals(frame)).toBe(
      true,
    )
  })

  it.for<[string, string, FormatCode]>([
    ['no block', `${MAGIC} 00 58`, 'TRUNCATED'],
    ['a block that ends early', `${MAGIC} 00 58 290000 61`, 'TRUNCATED'],
    ['a checksum that ends early', `${MAGIC} 04 00 010000 99e9`, 'TRUNCATED'],
    ['a reserved block', `${MAGIC} 00 58 070000`, 'MALFORMED'],
    ['a block above the window', `${MAGIC} 20 02 210000 61626364`, 'MALFORMED'],
    ['a frame to skip', SKIPPABLE, 'UNSUPPORTED'],
    ['nothing', '', 'UNSUPPORTED'],
    ['a dictionary', `${MAGIC} 01 00 05 010000`, 'UNSUPPORTED'],
  ])('refuses %s', async ([, text, code]) => {
    const { at: found } = await expectCode(() => stream(hex(text)), FormatError, code)
    expect(found?.path).toBe('a.zst')
  })
})
