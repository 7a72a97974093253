import { describe, expect, it } from 'vitest'
import { bytesSource, readAll, type ByteSource } from '../bytes/source.ts'
import { FormatError, type FormatCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { paxRecords, tarEntry, tarOf, type SampleEntry } from '../testing/oci-samples.ts'
import { TarIndexer, readTarIndex, type TarIndex } from './tar-index.ts'

const WHERE = { path: 'layer' }
const read = (bytes: Uint8Array): Promise<TarIndex> => readTarIndex(bytesSource(bytes, WHERE))
const readOne = async (entry: SampleEntry) => (await read(tarOf([entry]))).entries[0]

function writeBigOwner(block: Buffer): void {
  block.fill(0, 108, 116).fill(0x80, 108, 109).writeUInt32BE(70_000, 112)
}

const VALID: readonly SampleEntry[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: 'usr/', type: '5', mode: 0o1777, mtime: 1_700_000_000 },
  { name: 'usr/file', content: 'hello', mode: 0, uid: 7, gid: 8 },
  { name: 'usr/hard', type: '1', target: './usr/file' },
  { name: 'bin', type: '2', target: '../usr/bin', mode: 0o777 },
  { name: 'dev/null', type: '3' },
  { name: 'dev/sda', type: '4' },
  { name: 'dev/initctl', type: '6' },
  { name: 'short', content: 'x', pax: { path: 'ä/long', 'SCHILY.xattr.security.selinux': 'system_u\0' } },
  { name: 'empty' },
]

describe('readTarIndex', () => {
  it('gives every entry with its type, owner, mode, time and target', async () => {
    const { entries, ended, trailing } = await read(tarOf(VALID))
    expect(entries.map(({ path, type, target }) => [path, type, target])).toEqual([
      ['', 'directory', undefined],
      ['usr', 'directory', undefined],
      ['usr/file', 'file', undefined],
      ['usr/hard', 'hardlink', 'usr/file'],
      ['bin', 'symlink', '../usr/bin'],
      ['dev/null', 'character', undefined],
      ['dev/sda', 'block', undefined],
      ['dev/initctl', 'fifo', undefined],
      ['ä/long', 'file', undefined],
      ['empty', 'file', undefined],
    ])
    expect(entries[1]).toMatchObject({ rawName: 'usr/', mode: 0o1777, mtime: 1_700_000_000, problems: [] })
    expect(entries[2]).toMatchObject({ mode: 0, uid: 7, gid: 8, size: 5, origin: { path: 'layer', offset: 1024 } })
    expect([ended, trailing]).toEqual([true, false])
  })

  it('gives content as slices of the tar, and attributes as bytes', async () => {
    const { entries } = await read(tarOf(VALID))
    const texts = entries.map(async ({ data }) => data && Buffer.from(await readAll(data, 10)).toString())
    expect((await Promise.all(texts)).filter((text) => text !== undefined)).toEqual(['hello', 'x', ''])
    expect(entries[2]?.data?.where).toEqual({ path: 'layer!usr/file' })
    expect(entries[8]?.xattrs).toEqual(new Map([['security.selinux', Buffer.from('system_u\0')]]))
  })

  it('keeps attributes that are no text', async () => {
    const value = Buffer.from([0x01, 0xff, 0x0a, 0x3d, 0x80])
    const entry = await readOne({ name: 'x', pax: { 'SCHILY.xattr.security.capability': value } })
    expect(entry?.xattrs?.get('security.capability')).toEqual(value)
  })

  it.for([
    ['year 1, as Go writes its zero time', { mtime: -62_135_596_800 }, -62_135_596_800],
    ['the year 4000', { mtime: 64_060_588_800 }, 64_060_588_800],
    ['one second before 1970', { mtime: -1 }, -1],
    ['fractions in PAX', { pax: { mtime: '1700000000.987654321' } }, 1_700_000_000],
    ['times before 1970 in PAX', { pax: { mtime: '-1.5' } }, -2],
  ] as const)('reads %s', async ([, fields, mtime]) => {
    expect(await readOne({ name: 'x', ...fields })).toMatchObject({ mtime, problems: [] })
  })

  it('reads owners of PAX, and those of base 256', async () => {
    expect(await readOne({ name: 'x', pax: { uid: '4000000', gid: '5' } })).toMatchObject({ uid: 4_000_000, gid: 5 })
    const patched = { name: 'x', patch: writeBigOwner }
    expect(await readOne(patched)).toMatchObject({ uid: 70_000, problems: [] })
  })

  it.for([
    ['mode', (block: Buffer) => block.fill('z', 100, 107)],
    ['owner', (block: Buffer) => block.fill('z', 108, 115)],
    ['time beyond 2^53', (block: Buffer) => block.fill(0x80, 136, 148)],
  ] as const)('reads a %s that is no number as 0 and says so', async ([, patch]) => {
    const entry = await readOne({ name: 'x', mtime: 0, mode: 0, patch: (block) => void patch(block) })
    expect(entry).toMatchObject({ mode: 0, uid: 0, mtime: 0, problems: ['number'] })
  })

  it('reads GNU long names and targets, and the prefix of ustar', async () => {
    const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`
    const gnu = Buffer.concat([
      tarEntry({ name: '././@LongLink', type: 'L', content: `${long}\0` }),
      tarEntry({ name: '././@LongLink', type: 'K', content: `${long}2\0` }),
      tarEntry({ name: 'd', type: '2', target: 'd' }),
      tarEntry({ name: 'file', patch: (block) => void block.write('prefix/of', 345) }),
    ])
    const { entries } = await read(gnu)
    expect(entries.map(({ path, target }) => [path, target])).toEqual([
      [long, `${long}2`],
      ['prefix/of/file', undefined],
    ])
  })

  it.for<readonly [name: string, types: readonly string[], problems: readonly string[]]>([
    ['a name of PAX before a global header', ['x', 'g'], ['extended']],
    ['a name of GNU before a global header', ['L', 'g'], ['extended']],
    ['a name of PAX over one of GNU', ['x', 'L'], ['extended']],
    ['a name of GNU over one of PAX', ['L', 'x'], ['extended']],
    ['a name of PAX behind a global header', ['g', 'x'], []],
    ['a name and a target of GNU', ['K', 'L'], []],
  ])('says of %s whether Go takes the same', async ([, types, problems]) => {
    const records = { x: paxRecords({ path: 'y' }), g: paxRecords({ comment: 'z' }), L: 'y\0', K: 'y\0' }
    const extended = types.map((type) => tarEntry({ name: 'x', type, content: records[type as 'x'] }))
    const { entries } = await read(Buffer.concat([...extended, tarOf([{ name: 'x' }, { name: 'w' }])]))
    expect(entries.map((entry) => entry.problems)).toEqual([problems, []])
  })

  it('says that a global header is named as a whiteout, which containerd follows', async () => {
    const named = (name: string) => tarEntry({ name, type: 'g', content: paxRecords({ comment: 'z' }) })
    const problemsOf = async (name: string) =>
      (await read(Buffer.concat([named(name), tarOf([{ name: 'x' }])]))).entries.map(({ problems }) => problems)
    expect(await problemsOf('usr/.wh.bin')).toEqual([['extended']])
    expect(await problemsOf('pax_global_header')).toEqual([[]])
  })

  it('keeps names that are no UTF-8', async () => {
    expect(await readOne({ name: 'caf\xe9' })).toMatchObject({ path: 'caf\\xe9' })
    expect(await readOne({ name: Buffer.from('café').toString('latin1') })).toMatchObject({ path: 'café' })
  })

  it('writes down duplicates and names that lead out (CVE-2026-50163, CVE-2024-12905, CVE-2026-29786)', async () => {
    const names = ['a', '../etc/x', './a', '/abs', 'a/../b', 'ok']
    const { entries } = await read(tarOf(names.map((name) => ({ name }))))
    expect(entries.map(({ problems }) => problems)).toEqual([
      [],
      ['escapes'],
      ['duplicate'],
      ['escapes'],
      ['escapes'],
      [],
    ])
    expect(await readOne({ name: 'h', type: '1', target: '../../etc/shadow' })).toMatchObject({ problems: ['escapes'] })
    expect(await readOne({ name: 's', type: '2', target: '../../etc/shadow' })).toMatchObject({ problems: [] })
  })

  it('takes archives of nothing, of end blocks alone, and without end blocks', async () => {
    expect(await read(Buffer.alloc(0))).toEqual({ entries: [], ended: false, trailing: false })
    expect(await read(Buffer.alloc(10_240))).toEqual({ entries: [], ended: true, trailing: false })
    expect(await read(tarEntry({ name: 'x' }))).toMatchObject({ entries: [{ path: 'x' }], ended: false })
  })

  it('does not look for entries after the end, and says that something is there', async () => {
    const bytes = Buffer.concat([tarOf([{ name: 'a' }]), tarOf([{ name: 'hidden' }]), Buffer.from('junk')])
    expect(await read(bytes)).toMatchObject({ entries: [{ path: 'a' }], ended: true, trailing: true })
  })

  it('refuses more than a mebibyte behind the end', async () => {
    const tar = tarOf([{ name: 'a' }])
    const ended = (after: number): Promise<TarIndex> => read(Buffer.concat([tar, Buffer.alloc(after)]))
    expect(await ended(1 << 20)).toMatchObject({ ended: true, trailing: false })
    const error = await expectCode(() => ended((1 << 20) + 1), FormatError, 'LIMIT_EXCEEDED')
    expect(error).toMatchObject({ at: { path: 'layer', offset: tar.length } })
  })

  it('takes the folders of old tars, and files whose name field ends with a slash by chance', async () => {
    expect(await readOne({ name: 'old/' })).toMatchObject({ path: 'old', type: 'directory' })
    const cut = { name: `${'d'.repeat(99)}/`, content: 'x', pax: { path: `${'d'.repeat(99)}/file` } }
    expect(await readOne(cut)).toMatchObject({ rawName: cut.pax.path, type: 'file', size: 1 })
  })

  it('refuses an archive that tar-stream reads in another way', async () => {
    // To tar-stream a header of zeros is none, though it has the right checksum.
    const bytes = Buffer.concat([tarEntry({ name: '', patch: (block) => void block.fill(0) }), tarEntry({ name: 'x' })])
    const error = await expectCode(() => read(bytes), FormatError, 'MALFORMED')
    expect(error).toMatchObject({ at: WHERE, message: 'tar: cannot be unpacked: expected 2 entries, got 1' })
  })

  it('is the same whatever the chunks', async () => {
    const bytes = tarOf(VALID)
    const whole = await read(bytes)
    for (const length of [1, 7, 511, 512, 513, 1500]) {
      const indexer = new TarIndexer(WHERE)
      for (let at = 0; at < bytes.length; at += length) await indexer.push(bytes.subarray(at, at + length))
      const { entries } = await indexer.finish(bytesSource(bytes, WHERE))
      expect(JSON.stringify(entries)).toBe(JSON.stringify(whole.entries))
    }
  })

  it('takes a hundred thousand empty entries in a row', { timeout: 240_000 }, async () => {
    const one = tarEntry({ name: 'same' })
    const { entries } = await read(Buffer.concat(Array.from({ length: 100_000 }, () => one)))
    expect(entries).toHaveLength(100_000)
  })

  it.for([
    ['a picture', Buffer.alloc(2048, '\x89PNG'), 'BAD_MAGIC', 0],
    ['junk after an entry', Buffer.concat([tarEntry({ name: 'x' }), Buffer.alloc(512, 1)]), 'MALFORMED', 512],
    ['half a header', tarEntry({ name: 'x' }).subarray(0, 300), 'TRUNCATED', 300],
    ['half a content', tarEntry({ name: 'x', content: 'y'.repeat(900) }).subarray(0, 1000), 'TRUNCATED', 1000],
    ['content without its padding', tarEntry({ name: 'x', content: 'y' }).subarray(0, 513), 'TRUNCATED', 513],
    ['half an extended header', tarEntry({ name: 'x', type: 'x', content: 'y' }).subarray(0, 512), 'TRUNCATED', 512],
    ['a single block of zeros', Buffer.concat([Buffer.alloc(512), tarEntry({ name: 'x' })]), 'MALFORMED', 512],
    ['a size that is no number', tarEntry({ name: 'x', patch: (b) => void b.fill('z', 124, 135) }), 'MALFORMED', 0],
    ['a negative size', tarEntry({ name: 'x', patch: (b) => void b.fill(0xff, 124, 136) }), 'MALFORMED', 0],
    ['a PAX size that is no number', tarOf([{ name: 'x', pax: { size: '1e3' } }]), 'MALFORMED', 1024],
    ['a PAX record without =', tarEntry({ name: 'x', type: 'x', content: '6 abc\n' }), 'MALFORMED', 512],
    ['a PAX record longer than its header', tarEntry({ name: 'x', type: 'x', content: '99 a=b\n' }), 'MALFORMED', 512],
    ['an empty extended header', tarEntry({ name: 'x', type: 'x' }), 'MALFORMED', 0],
    ['a name with NUL', tarOf([{ name: 'x', pax: { path: 'a\0b' } }]), 'MALFORMED', 1024],
    ['a sparse file of GNU', tarEntry({ name: 'x', type: 'S' }), 'UNSUPPORTED', 0],
    ['a sparse file of PAX', tarOf([{ name: 'x', pax: { 'GNU.sparse.major': '1' } }]), 'UNSUPPORTED', 512],
    ['a volume label', tarEntry({ name: 'x', type: 'V' }), 'UNSUPPORTED', 0],
    ['a link with content', tarOf([{ name: 'x', type: '1', target: 'y', content: 'z' }]), 'UNSUPPORTED', 0],
    ['a folder with content', tarOf([{ name: 'x', type: '5', content: 'z' }]), 'UNSUPPORTED', 0],
    ['an old folder with content', tarOf([{ name: 'x/', content: 'z' }]), 'UNSUPPORTED', 0],
    ['a global path', tarEntry({ name: 'x', type: 'g', content: paxRecords({ path: 'y' }) }), 'UNSUPPORTED', 512],
    ['a big global header', tarEntry({ name: 'x', type: 'g', content: Buffer.alloc(1025) }), 'LIMIT_EXCEEDED', 0],
    [
      'a big extended header',
      tarEntry({ name: 'x', type: 'x', content: Buffer.alloc(2 ** 20 + 1) }),
      'LIMIT_EXCEEDED',
      0,
    ],
    ['a name of 4097 bytes', tarOf([{ name: 'x', pax: { path: 'y'.repeat(4097) } }]), 'LIMIT_EXCEEDED', 5120],
    ['257 folders', tarOf([{ name: 'x', pax: { path: 'y/'.repeat(257) } }]), 'LIMIT_EXCEEDED', 1536],
  ] as const satisfies readonly (readonly [string, Buffer, FormatCode, number])[])(
    'refuses %s',
    async ([, bytes, code, offset]) => {
      const error = await expectCode(() => read(bytes), FormatError, code)
      expect(error.at).toEqual({ path: 'layer', offset })
    },
  )
})

const readDeep = async (source: ByteSource): Promise<void> => {
  const { entries } = await readTarIndex(source)
  for (const { data } of entries) if (data !== undefined) await readAll(data, 1 << 20)
}
describeHostile('tar', { layer: () => tarOf(VALID) }, readDeep)
describeHostile('tar with its checksums made right again', { layer: () => tarOf(VALID) }, async (source) => {
  const bytes = Buffer.from(await readAll(source, 1 << 20))
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512)
    if (block.toString('latin1', 257, 262) !== 'ustar') continue
    const sum = block.fill(' ', 148, 156).reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  }
  await readDeep(bytesSource(bytes, source.where))
})
