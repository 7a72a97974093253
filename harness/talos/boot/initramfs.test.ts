import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesSource, type ByteSource } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, IntegrityError, type HarnessCode } from '../../errors.ts'
import { newCpioAllowance } from '../../formats/cpio/cpio.ts'
import { DIRECTORY, sampleArchive, sampleEntry, type SampleEntry } from '../../testing/cpio-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { unpackSegment } from './initramfs.ts'
import { MAX_SEGMENTS, readInitramfs, type Initramfs } from './initramfs.ts'

const where = { path: 'initramfs.xz' }
const spool = new Spool(join(tmpdir(), `initramfs-test-${process.pid}`))
afterAll(() => spool.close())

const read = (...parts: Uint8Array[]): Promise<Initramfs> =>
  readInitramfs(bytesSource(Buffer.concat(parts), where), spool)
const archiveOf = async (...parts: Uint8Array[]): Promise<unknown> => (await read(...parts)).segments[0]?.archive()
const pathsOf = ({ segments }: Initramfs): Promise<string[][]> =>
  Promise.all(segments.map(async (segment) => (await segment.archive()).entries.map(({ path }) => path)))
const layoutOf = ({ segments }: Initramfs): unknown[] =>
  segments.map(({ compression, offset, size }) => [compression, offset, size])

const newc = (...names: string[]): Buffer => sampleArchive(names.map((name): SampleEntry => ({ name, data: name })))
const nul = (size: number): Buffer => Buffer.alloc(size)
const SKIPPABLE = Buffer.from('502a4d1800000000', 'hex')

describe('the layout', () => {
  it('is one segment for each archive and each compressed member, with the padding distinguished', async () => {
    const [early, base, more] = [newc('early'), zstdCompressSync(newc('init')), gzipSync(newc('more'))]
    const initramfs = await read(nul(4), early, nul(8), base, more, nul(3), more, nul(512))
    const at = 4 + early.length + 8
    const third = at + base.length
    const fourth = third + more.length + 3
    expect(layoutOf(initramfs)).toEqual([
      ['none', 4, early.length],
      ['zstd', at, base.length],
      ['gzip', third, more.length],
      ['gzip', fourth, more.length],
    ])
    expect(initramfs.padding).toEqual([
      { offset: 0, size: 4 },
      { offset: at - 8, size: 8 },
      { offset: fourth - 3, size: 3 },
      { offset: fourth + more.length, size: 512 },
    ])
    expect(initramfs).not.toHaveProperty('trailing')
    expect(initramfs.segments.map(({ index }) => index)).toEqual([0, 1, 2, 3])
    expect(await pathsOf(initramfs)).toEqual([['early'], ['init'], ['more'], ['more']])
    const stored = initramfs.segments[1]?.data
    expect(stored?.where).toEqual({ path: 'initramfs.xz!segment 1' })
    expect(base.equals((await stored?.read(0, stored.size)) ?? nul(0))).toBe(true)
  })

  it('is empty for an empty file and for padding alone', async () => {
    expect(await read()).toMatchObject({ size: 0, where, segments: [], padding: [] })
    expect(await read(nul(5))).toMatchObject({ segments: [], padding: [{ offset: 0, size: 5 }] })
  })

  it('counts every zstd frame as a member', async () => {
    const frame = zstdCompressSync(newc('a'))
    expect((await read(frame, frame)).segments).toHaveLength(2)
  })

  it.for<[string, Buffer]>([
    ['xz', Buffer.from('fd377a585a00', 'hex')],
    ['lzma', Buffer.from('5d0000', 'hex')],
    ['bzip2', Buffer.from('BZh9')],
    ['lz4', Buffer.from('02214c18', 'hex')],
    ['lzo', Buffer.from('894c5a4f', 'hex')],
  ])('has %s reach to the end of the file, and does not unpack it', async ([kind, magic]) => {
    const initramfs = await read(newc('a'), magic, nul(100))
    expect(initramfs.segments[1]).toMatchObject({ compression: kind, size: magic.length + 100 })
    const error = await expectCode(() => initramfs.segments[1]?.archive(), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain(kind)
  })

  const frame = zstdCompressSync(newc('a'))
  const aligned = Buffer.concat([frame, nul(-frame.length & 3)])
  it.for<[string, Buffer, Buffer]>([
    ['text', newc('a'), Buffer.from('junk')],
    ['a skippable frame', frame, SKIPPABLE],
    ['an archive that is not aligned', Buffer.concat([aligned, nul(1)]), newc('b')],
    ['a member that is not aligned behind an archive', Buffer.concat([newc('a'), nul(2)]), frame],
    ['a zero digit that begins no archive', newc('a'), Buffer.from('0xff')],
  ])('ends at %s', async ([, valid, junk]) => {
    const initramfs = await read(valid, junk)
    expect(initramfs.trailing).toEqual({ offset: valid.length, size: junk.length })
    expect(initramfs.segments).toHaveLength(1)
  })

  it.for<[string, Buffer, HarnessCode, number]>([
    ['an archive without trailer', sampleEntry({ name: 'a' }), 'TRUNCATED', 112],
    ['an archive of another format', Buffer.from('070707'), 'UNSUPPORTED', 0],
    ['a cut frame', frame.subarray(0, -1), 'TRUNCATED', 0],
    ['a cut gzip member', gzipSync('a').subarray(0, -1), 'TRUNCATED', 20],
  ])('cannot be determined with %s', async ([, bytes, code, offset]) => {
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
  })

  it('has a limit', async () => {
    const many = Array.from({ length: MAX_SEGMENTS }, () => newc())
    expect((await read(...many)).segments).toHaveLength(MAX_SEGMENTS)
    await expectCode(() => read(...many, newc()), FormatError, 'LIMIT_EXCEEDED')
  })
})

describe('a member', () => {
  it('has several archives, with padding behind each', async () => {
    const content = Buffer.concat([newc('a'), nul(512), newc('b', 'c'), newc('d'), nul(3)])
    const { segments } = await read(zstdCompressSync(content))
    const archive = await segments[0]?.archive()
    expect(archive?.archiveSize).toBe(content.length)
    expect(archive?.entries.map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd'])
    expect(archive?.entries[1]?.origin).toEqual({ path: 'initramfs.xz!segment 0', offset: newc('a').length + 512 })
    expect(archive?.tree.get('d')?.size).toBe(1)
  })

  it('stored as it is has its entries where they are in the file', async () => {
    const { segments } = await read(nul(4), newc('a'))
    const archive = await segments[0]?.archive()
    expect(archive).toMatchObject({ archiveSize: newc('a').length, entries: [{ origin: { ...where, offset: 4 } }] })
  })

  it('is unpacked once, and a rejection is remembered', async () => {
    const { segments } = await read(zstdCompressSync(newc('a')), zstdCompressSync(Buffer.from('junk')))
    const [valid, broken] = segments
    expect(valid?.archive()).toBe(valid?.archive())
    expect(broken?.archive()).toBe(broken?.archive())
    await expectCode(() => broken?.archive(), FormatError, 'BAD_MAGIC')
  })

  it.for<[string, Buffer, HarnessCode]>([
    ['nothing', nul(0), 'TRUNCATED'],
    ['a cut archive', newc('a').subarray(0, 120), 'TRUNCATED'],
    ['padding before the archive', Buffer.concat([nul(4), newc('a')]), 'BAD_MAGIC'],
    ['an archive of the crc format', sampleArchive([{ name: 'a', magic: '070702' }]), 'UNSUPPORTED'],
    ['more archives than the limit', Buffer.concat(Array.from({ length: 65 }, () => newc())), 'LIMIT_EXCEEDED'],
  ])('of %s is refused', async ([, content, code]) => {
    const error = await expectCode(() => archiveOf(zstdCompressSync(content)), FormatError, code)
    expect(error.at?.path).toBe('initramfs.xz!segment 0')
  })

  it.for<[string, Buffer]>([
    ['text', Buffer.from('junk')],
    ['an archive that is not aligned', Buffer.concat([nul(2), newc('b')])],
  ])('with %s behind the archive is refused', async ([, junk]) => {
    const error = await expectCode(
      () => archiveOf(gzipSync(Buffer.concat([newc('a'), junk]))),
      IntegrityError,
      'TRAILING_DATA',
    )
    expect(error.at).toMatchObject({ path: 'initramfs.xz!segment 0' })
  })

  it('takes from what all segments may decompress to together', async () => {
    const content = newc('a')
    const data = bytesSource(zstdCompressSync(content), where)
    const allowance = { measuredBytes: 0, unpackedBytes: 2 * content.length - 1, cpio: newCpioAllowance() }
    await expect(unpackSegment(data, 'zstd', spool, allowance)).resolves.toHaveProperty('archiveSize', content.length)
    const error = await expectCode(() => unpackSegment(data, 'zstd', spool, allowance), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.path).toBe('initramfs.xz')
  })
})

async function unpackAll(source: ByteSource): Promise<void> {
  const own = new Spool(join(tmpdir(), `initramfs-test-${process.pid}`))
  try {
    const { segments } = await readInitramfs(source, own)
    for (const segment of segments)
      for (const { data } of (await segment.archive()).entries) await data?.read(0, Math.min(data.size, 1 << 20))
  } finally {
    await own.close()
  }
}

const tree: readonly SampleEntry[] = [
  { name: 'kernel', mode: DIRECTORY },
  { name: 'kernel/x', data: 'text'.repeat(200) },
]
describeHostile(
  'initramfs',
  {
    'archive and zstd': () =>
      Buffer.concat([sampleArchive(tree), nul(4), zstdCompressSync(sampleArchive(tree)), nul(7)]),
    'two gzip members': () => Buffer.concat([gzipSync(sampleArchive(tree)), nul(1), gzipSync(sampleArchive(tree))]),
  },
  unpackAll,
)
