import { describe, expect, it } from 'vitest'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { bytesSource, CHUNK_SIZE, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { fields, patched } from '../../testing/squashfs-sample-bytes.ts'
import { makeSquashfs, type SampleNode, type SampleOptions } from '../../testing/squashfs-samples.ts'
import { openSquashfs } from './reader.ts'

const where = { path: 'x.sqsh' }

/** Bytes that differ at every place and in every block. */
function pattern(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff))
}

async function collect(source: ByteSource, start?: number, end?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.stream(start, end)) chunks.push(chunk)
  expect(Math.max(0, ...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(CHUNK_SIZE)
  return Buffer.concat(chunks)
}

async function openFile(bytes: Uint8Array, path: string) {
  const squashfs = await openSquashfs(bytesSource(bytes, where))
  const data = (await squashfs.tree()).get(path)?.data
  if (data === undefined) throw new Error(`no ${path}`)
  return { squashfs, data }
}

/** A zstd frame: magic, no flags, window of 2^(10 + exponent), last block a run of 4096 times `z`. */
function runFrame(exponent: number): Buffer {
  return fields([0xfd2fb528, 4], [0, 1], [exponent << 3, 1], [(4096 << 3) | (1 << 1) | 1, 3], Buffer.from('z'))
}

const contents = {
  'an empty file': Buffer.alloc(0),
  'less than a block': pattern(100),
  'exactly a block': pattern(4096),
  'blocks and a tail': pattern(3 * 4096 + 5),
  'only sparse blocks': Buffer.alloc(4 * 4096 + 1),
  'sparse between full ones': Buffer.concat([pattern(4096), Buffer.alloc(8192), pattern(4096), Buffer.alloc(9)]),
  'several chunks': pattern(2 * CHUNK_SIZE + 4097),
}
const forms: Record<string, SampleOptions & Pick<SampleNode & { type: 'file' }, 'tailInFragment' | 'extended'>> = {
  stored: {},
  'stored, extended': { extended: true },
  'stored with fragments': { tailInFragment: true },
  gzip: { compressor: 1, encode: (bytes) => deflateSync(bytes) },
  'zstd with fragments': { compressor: 6, encode: (bytes) => zstdCompressSync(bytes), tailInFragment: true },
}

describe.for(Object.entries(forms))(
  'the content of a file: %s',
  ([, { tailInFragment = false, extended = false, ...options }]) => {
    it.for(Object.entries(contents))('%s', async ([, content]) => {
      const { bytes } = makeSquashfs([{ type: 'file', name: 'f', content, tailInFragment, extended }], options)
      const { data } = await openFile(bytes, 'f')
      expect(data.size).toBe(content.length)
      expect(data.where).toEqual({ path: 'x.sqsh!f' })
      expect((await collect(data)).equals(content)).toBe(true)
      expect(content.equals(await data.read(0, content.length))).toBe(true)
      for (const [from, to] of [
        [0, 1],
        [4090, 4100],
        [1, content.length - 1],
        [content.length - 3, content.length],
      ] as const) {
        if (from < 0 || to < from || to > content.length) continue
        const want = content.subarray(from, to)
        expect(want.equals(await data.read(from, to - from)), `read ${from}-${to}`).toBe(true)
        expect((await collect(data, from, to)).equals(want), `stream ${from}-${to}`).toBe(true)
        const slice = data.slice(from, to - from, { path: 'part' })
        expect(slice.where).toEqual({ path: 'part' })
        expect((await collect(slice)).equals(want), `slice ${from}-${to}`).toBe(true)
        expect((await collect(slice.slice(0, slice.size), slice.size)).length).toBe(0)
      }
    })
  },
)

describe('what reading costs', () => {
  const many: SampleNode[] = Array.from({ length: 40 }, (_, at) => ({
    type: 'file',
    name: `f${String(at).padStart(2, '0')}`,
    content: pattern(4096 * (at % 3) + 500, at),
    tailInFragment: true,
  }))

  it('decodes each block once when every file is read in order', async () => {
    const squashfs = await openSquashfs(bytesSource(makeSquashfs(many).bytes, where))
    for (const entry of await squashfs.entries()) if (entry.data !== undefined) await collect(entry.data)
    const blocks = many.reduce((sum, _, at) => sum + (at % 3), 0)
    expect(squashfs.fragmentCount).toBe(5)
    expect(squashfs.stats.blocksDecoded).toBe(blocks + 5)
  })

  it('decodes a fragment once for readers at the same time, and a block once for small reads in a row', async () => {
    const { squashfs, data } = await openFile(makeSquashfs(many).bytes, 'f02')
    await Promise.all(Array.from({ length: 8 }, () => data.read(8192, 500)))
    expect(squashfs.stats.blocksDecoded).toBe(1)
    for (let at = 0; at < 4096; at += 64) await data.read(at, 64)
    expect(squashfs.stats.blocksDecoded).toBe(2)
  })

  it('costs nothing beyond what was read ahead when a reader stops early', async () => {
    const { bytes } = makeSquashfs([{ type: 'file', name: 'f', content: Buffer.alloc(8 * CHUNK_SIZE, 7) }], {
      blockSize: 1 << 17,
    })
    const { squashfs, data } = await openFile(bytes, 'f')
    for await (const chunk of data.stream()) {
      expect(chunk.length).toBe(CHUNK_SIZE)
      break
    }
    expect(squashfs.stats.blocksDecoded).toBeLessThanOrEqual(16)
  })
})

describe('contents that are damaged', () => {
  const content = pattern(4096 + 100)
  const plain = makeSquashfs([{ type: 'file', name: 'f', content }])
  const listAt = (plain.inodeAt.get('f') ?? 0) + 32
  const tailed = makeSquashfs([{ type: 'file', name: 'f', content, tailInFragment: true }])
  const zstd = (damage: (bytes: Buffer) => Buffer): Uint8Array =>
    makeSquashfs([{ type: 'file', name: 'f', content }], {
      compressor: 6,
      encode: (bytes) => (bytes.length === 4096 ? damage(zstdCompressSync(bytes)) : zstdCompressSync(bytes)),
    }).bytes

  it.for([
    [
      'a block of another size than the inode demands',
      patched(plain.bytes, listAt, 4, 4095 | (1 << 24)),
      'MALFORMED',
      96,
    ],
    ['a block bigger than blocks are', patched(plain.bytes, listAt, 4, 4097 | (1 << 24)), 'MALFORMED', 96],
    ['bits without a meaning in a size', patched(plain.bytes, listAt, 4, 4096 | (1 << 25)), 'MALFORMED', 96],
    ['a stored block that is called compressed', patched(plain.bytes, listAt, 4, 4096), 'MALFORMED', 96],
    ['a block in the superblock', patched(plain.bytes, listAt - 16, 4, 95), 'MALFORMED', 95],
    ['a block behind the end', patched(plain.bytes, listAt - 16, 4, 0xffff_fff0), 'MALFORMED', plain.index.xattr + 16],
    ['one byte more than a block', zstd(() => zstdCompressSync(Buffer.alloc(4097))), 'LIMIT_EXCEEDED', 96],
    ['a window bigger than a block', zstd(() => zstdCompressSync(Buffer.alloc(1 << 20))), 'LIMIT_EXCEEDED', 96],
    ['one byte less than a block', zstd(() => zstdCompressSync(Buffer.alloc(4095))), 'MALFORMED', 96],
    ['nothing', zstd(() => zstdCompressSync(Buffer.alloc(0))), 'MALFORMED', 96],
    ['a frame that is cut short', zstd((frame) => frame.subarray(0, -8)), 'MALFORMED', 96],
    ['bytes that are no frame', zstd(() => Buffer.from('no frame')), 'MALFORMED', 96],
    ['a fragment in the superblock', patched(tailed.bytes, tailed.fragmentsAt, 8, 0), 'MALFORMED', 0],
    ['a fragment beyond 2^53', patched(tailed.bytes, tailed.fragmentsAt, 8, -1), 'LIMIT_EXCEEDED', 0],
    [
      'a fragment that ends before the tail',
      patched(tailed.bytes, tailed.fragmentsAt + 8, 4, 99 | (1 << 24)),
      'MALFORMED',
      4192,
    ],
  ] as const)('%s', async ([, bytes, code, offset]) => {
    const { data } = await openFile(bytes, 'f')
    const error = await expectCode(() => collect(data), FormatError, code)
    await expectCode(() => data.read(0, data.size), FormatError, code)
    expect(error.at?.path).toContain('x.sqsh')
    expect(error.at?.offset).toBe(offset)
  })

  it('refuses a zstd window bigger than a block, whatever comes out of it', async () => {
    const valid = await openFile(
      zstd(() => runFrame(3)),
      'f',
    )
    expect(await valid.data.read(0, 4)).toEqual(new Uint8Array(Buffer.from('zzzz')))
    const wide = await openFile(
      zstd(() => runFrame(4)),
      'f',
    )
    const error = await expectCode(() => wide.data.read(0, 1), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.offset).toBe(96)
  })

  it('refuses a tail that does not fit into a block', async () => {
    const fragmentOffset = (tailed.inodeAt.get('f') ?? 0) + 24
    expect((await openFile(patched(tailed.bytes, fragmentOffset, 4, 4096 - 100), 'f')).data.size).toBe(content.length)
    const damaged = patched(tailed.bytes, fragmentOffset, 4, 4096 - 99)
    const error = await expectCode(() => openFile(damaged, 'f'), FormatError, 'MALFORMED')
    expect(error.message).toMatch(/fragment offset/)
  })

  it('refuses ranges outside the file', async () => {
    const { data } = await openFile(plain.bytes, 'f')
    await expectCode(() => data.read(1, data.size), FormatError, 'TRUNCATED')
    await expectCode(() => collect(data, 0, data.size + 1), FormatError, 'TRUNCATED')
    const error = await expectCode(() => data.slice(-1, 2), FormatError, 'TRUNCATED')
    expect(error.at?.path).toBe('x.sqsh!f')
  })
})
