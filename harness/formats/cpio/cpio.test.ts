import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError, type FormatCode } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import {
  DIRECTORY,
  FILE,
  sampleArchive,
  sampleEntry,
  SYMLINK,
  TRAILER,
  type SampleEntry,
} from '../../testing/cpio-samples.ts'
import { MAX_ENTRIES, MAX_PATH, MAX_TEXT_BYTES, readCpioArchive, type CpioArchive } from './cpio.ts'

const where = { path: 'a.cpio' }

function read(bytes: Uint8Array, offset = 0): Promise<CpioArchive> {
  return readCpioArchive(bytesSource(bytes, where), offset)
}

async function contents(bytes: Uint8Array): Promise<Record<string, string>> {
  const { entries } = await read(bytes)
  const pairs = entries.map(async ({ path, data, size }) => [path, String(await data?.read(0, size))] as const)
  return Object.fromEntries(await Promise.all(pairs))
}

const one = (entry: SampleEntry): Uint8Array => sampleArchive([entry])

describe('a valid archive', () => {
  it('gives type, mode, owner, time, content, target and the place of the header', async () => {
    const bytes = sampleArchive([
      { name: '.', mode: DIRECTORY },
      { name: './usr/init', mode: 0o104755, uid: 1, gid: 2, mtime: 0xf0000000, data: 'hello' },
      { name: 'link/', mode: SYMLINK, data: '../to' },
      { name: 'console', mode: 0o020600 },
      { name: 'disk', mode: 0o060600 },
      { name: 'pipe', mode: 0o010600 },
      { name: 'socket', mode: 0o140600 },
    ])
    const { entries, offset, end } = await read(bytes)
    const common = { uid: 0, gid: 0, mtime: 0, size: 0 }
    expect({ offset, end }).toEqual({ offset: 0, end: bytes.length })
    expect(entries.map((entry) => Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'data')))).toEqual(
      [
        { ...common, path: '', type: 'directory', mode: 0o755, origin: { ...where, offset: 0 } },
        {
          path: 'usr/init',
          type: 'file',
          mode: 0o4755,
          uid: 1,
          gid: 2,
          mtime: 0xf0000000,
          size: 5,
          origin: { ...where, offset: 112 },
        },
        { ...common, path: 'link', type: 'symlink', mode: 0o777, target: '../to', origin: { ...where, offset: 244 } },
        { ...common, path: 'console', type: 'character', mode: 0o600, origin: { ...where, offset: 368 } },
        { ...common, path: 'disk', type: 'block', mode: 0o600, origin: { ...where, offset: 488 } },
        { ...common, path: 'pipe', type: 'fifo', mode: 0o600, origin: { ...where, offset: 604 } },
        { ...common, path: 'socket', type: 'socket', mode: 0o600, origin: { ...where, offset: 720 } },
      ],
    )
    expect(entries[1]?.data?.where).toEqual({ path: 'a.cpio!usr/init' })
    expect(String(await entries[1]?.data?.read(0, 5))).toBe('hello')
  })

  it('aligns to its own start, and ends before what follows', async () => {
    const archive = sampleArchive([{ name: 'odd', data: 'x' }])
    const bytes = Buffer.concat([Buffer.from('abc'), archive, Buffer.from('070701 not looked at')])
    const { end, entries } = await read(bytes, 3)
    expect(end).toBe(3 + archive.length)
    expect(entries.map(({ path, origin }) => [path, origin.offset])).toEqual([['odd', 3]])
  })

  it('may end without the padding of its trailer', async () => {
    const bytes = sampleArchive([]).subarray(0, 121)
    expect((await read(bytes)).end).toBe(121)
  })

  it('takes names and targets that are padded with NUL, and keeps bytes that are not UTF-8', async () => {
    const bytes = sampleArchive([
      { name: 'a', nameEnd: '\0\0\0' },
      { name: 'b', mode: SYMLINK, data: 'target\0' },
      { name: 'c\xff' },
    ])
    const { entries } = await read(bytes)
    expect(entries.map(({ path, target }) => [path, target])).toEqual([
      ['a', undefined],
      ['b', 'target'],
      [String.raw`c\xff`, undefined],
    ])
  })
})

describe('hard links', () => {
  const link = { ino: 7, nlink: 2 }
  it('share the content of the one that has it, wherever it is', async () => {
    expect(
      await contents(
        sampleArchive([
          { name: 'a', ...link },
          { name: 'b', ...link, data: 'late' },
        ]),
      ),
    ).toEqual({
      a: 'late',
      b: 'late',
    })
    expect(
      await contents(
        sampleArchive([
          { name: 'a', ...link, data: 'early' },
          { name: 'b', ...link },
        ]),
      ),
    ).toEqual({
      a: 'early',
      b: 'early',
    })
  })
  it('have the content of the last when several bring one, as it is written over the others', async () => {
    const bytes = sampleArchive([
      { name: 'a', ...link, data: 'one' },
      { name: 'b', ...link, data: 'three' },
    ])
    expect(await contents(bytes)).toEqual({ a: 'three', b: 'three' })
  })
  it('are empty when none has content', async () => {
    expect(
      await contents(
        sampleArchive([
          { name: 'a', ...link },
          { name: 'b', ...link },
        ]),
      ),
    ).toEqual({ a: '', b: '' })
  })
  it('need a link count: --reproducible archives give many files one inode', async () => {
    const bytes = sampleArchive([
      { name: 'a', ino: 7 },
      { name: 'b', ino: 7, data: 'mine' },
    ])
    expect(await contents(bytes)).toEqual({ a: '', b: 'mine' })
  })
})

describe('a broken archive', () => {
  const valid = sampleArchive([{ name: 'name', data: 'data' }])
  const field = (offset: number, text: string): Uint8Array => {
    const bytes = Buffer.from(valid)
    bytes.write(text, offset)
    return bytes
  }
  it.for<[string, Uint8Array, FormatCode, number, string]>([
    ['nothing', Buffer.alloc(0), 'TRUNCATED', 0, 'header'],
    ['a cut magic', valid.subarray(0, 3), 'TRUNCATED', 0, 'header'],
    ['a cut header', valid.subarray(0, 109), 'TRUNCATED', 0, 'header'],
    ['a cut name', valid.subarray(0, 112), 'TRUNCATED', 110, 'name'],
    ['cut content', valid.subarray(0, 118), 'TRUNCATED', 0, 'name'],
    ['a cut target', sampleEntry({ name: 'l', mode: SYMLINK, data: 'abcdef' }).subarray(0, 115), 'TRUNCATED', 0, 'l'],
    ['no trailer', sampleEntry({ name: 'name' }), 'TRUNCATED', 116, 'header'],
    ['another magic', Buffer.from('HELLO, WORLD'), 'BAD_MAGIC', 0, '070701'],
    [
      'junk instead of the next header',
      Buffer.concat([sampleEntry({ name: 'a' }), Buffer.alloc(200, 1)]),
      'BAD_MAGIC',
      112,
      '070701',
    ],
    ['the crc format', one({ name: 'a', magic: '070702' }), 'UNSUPPORTED', 0, 'crc'],
    ['the odc format', one({ name: 'a', magic: '070707' }), 'UNSUPPORTED', 0, 'odc'],
    ['the old binary format', Buffer.from('c771000000000000', 'hex'), 'UNSUPPORTED', 0, 'old binary'],
    ['the old binary format, swapped', Buffer.from('71c7000000000000', 'hex'), 'UNSUPPORTED', 0, 'old binary'],
    ['a field that is no number', field(6, '0x000001'), 'MALFORMED', 6, 'c_ino'],
    ['a field with a sign', field(54, '+0000001'), 'MALFORMED', 54, 'c_filesize'],
    ['no type', one({ name: 'a', mode: 0o644 }), 'MALFORMED', 0, 'type'],
    ['a directory with content', one({ name: 'a', mode: DIRECTORY, data: 'x' }), 'MALFORMED', 0, 'directory'],
    ['a trailer with content', sampleEntry({ ...TRAILER, data: 'x' }), 'MALFORMED', 0, 'trailer'],
    ['a name without NUL', one({ name: 'abc', nameEnd: '' }), 'MALFORMED', 110, 'NUL'],
    ['a name with NUL inside', one({ name: 'a\0b' }), 'MALFORMED', 110, 'NUL'],
    ['an empty name', one({ name: '' }), 'MALFORMED', 110, 'name'],
    ['no name at all', one({ name: '', nameEnd: '' }), 'MALFORMED', 110, 'NUL'],
    ['an empty target', one({ name: 'a', mode: SYMLINK }), 'MALFORMED', 112, 'target'],
    ['a name that is too long', one({ name: 'a'.repeat(MAX_PATH) }), 'LIMIT_EXCEEDED', 110, '4096'],
    [
      'a target that is too long',
      one({ name: 'a', mode: SYMLINK, data: 'a'.repeat(4097) }),
      'LIMIT_EXCEEDED',
      112,
      '4096',
    ],
    ['a size beyond the end', one({ name: 'a', fileSize: 0xffffffff }), 'TRUNCATED', 0, '4294967295'],
  ])('%s is refused', async ([, bytes, code, offset, says]) => {
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
    expect(error.message).toContain(says)
  })

  it('of too many entries is refused, and a name of the longest kind is not', async () => {
    const many = Buffer.alloc(112 * (MAX_ENTRIES + 1), sampleEntry({ name: 'a' }))
    await expectCode(() => read(Buffer.concat([many, sampleEntry(TRAILER)])), FormatError, 'LIMIT_EXCEEDED')
    await expect(read(sampleArchive([{ name: 'a'.repeat(MAX_PATH - 1) }]))).resolves.toHaveProperty('entries.length', 1)
  })

  it('of too much text is refused', async () => {
    const entry = sampleEntry({ name: 'a'.repeat(MAX_PATH - 1) })
    const many = Buffer.alloc(entry.length * (MAX_TEXT_BYTES / MAX_PATH + 1), entry)
    const error = await expectCode(() => read(many), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain(String(MAX_TEXT_BYTES))
  })
})

describeHostile(
  'cpio',
  {
    'all kinds of entries': () =>
      sampleArchive([
        { name: '.', mode: DIRECTORY },
        { name: 'file', mode: FILE, data: 'content' },
        { name: 'symlink', mode: SYMLINK, data: 'file' },
        { name: 'one', ino: 3, nlink: 2 },
        { name: 'two', ino: 3, nlink: 2, data: Buffer.alloc(5000, 'x') },
      ]),
  },
  async (source) => {
    const { entries } = await readCpioArchive(source, 0)
    for (const { data } of entries) await data?.read(0, data.size)
  },
)
