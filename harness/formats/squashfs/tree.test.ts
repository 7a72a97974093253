import { describe, expect, it } from 'vitest'
import { zstdCompressSync } from 'node:zlib'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { patched } from '../../testing/squashfs-sample-bytes.ts'
import { makeSquashfs, type SampleNode } from '../../testing/squashfs-samples.ts'
import { openSquashfs, type SquashfsEntry } from './reader.ts'

const where = { path: 'x.sqsh' }

async function readEntries(bytes: Uint8Array): Promise<readonly SquashfsEntry[]> {
  return (await openSquashfs(bytesSource(bytes, where))).entries()
}

const everyType = (extended: boolean): SampleNode[] => [
  { type: 'block', name: 'b', device: 0x0120_34ff, mode: 0o660, gid: 6, links: 2, extended },
  { type: 'character', name: 'c', device: 0x0000_0501, mode: 0o666, extended },
  {
    type: 'directory',
    name: 'd',
    mode: 0o1777,
    extended,
    children: [{ type: 'file', name: 'f', content: Buffer.from('in d'), mode: 0o4755, uid: 1000, mtime: 5, extended }],
  },
  { type: 'directory', name: 'empty', children: [], extended },
  { type: 'fifo', name: 'p', extended },
  { type: 'socket', name: 's', links: 3, extended },
  { type: 'symlink', name: 'y', target: '../d/f', mode: 0o777, extended },
]

describe('every type of inode', () => {
  it.for([false, true])('extended: %s', async (extended) => {
    const { bytes, inodeAt } = makeSquashfs(everyType(extended))
    const entries = await readEntries(bytes)
    const common = { uid: 0, gid: 0, size: 0, mtime: 0, links: 1, mode: 0o644 }
    expect(entries.map(({ origin: _origin, data: _data, ...facts }) => facts)).toEqual([
      { ...common, path: '', type: 'directory', mode: 0o755, inode: 9 },
      {
        ...common,
        path: 'b',
        type: 'block',
        mode: 0o660,
        gid: 6,
        links: 2,
        inode: 1,
        device: { major: 0x34, minor: 0x12ff },
      },
      { ...common, path: 'c', type: 'character', mode: 0o666, inode: 2, device: { major: 5, minor: 1 } },
      { ...common, path: 'd', type: 'directory', mode: 0o1777, inode: 4 },
      { ...common, path: 'd/f', type: 'file', mode: 0o4755, uid: 1000, mtime: 5, size: 4, inode: 3 },
      { ...common, path: 'empty', type: 'directory', inode: 5 },
      { ...common, path: 'p', type: 'fifo', inode: 6 },
      { ...common, path: 's', type: 'socket', links: 3, inode: 7 },
      { ...common, path: 'y', type: 'symlink', mode: 0o777, target: '../d/f', inode: 8 },
    ])
    expect(entries[5]?.origin).toEqual({ path: 'x.sqsh', offset: (inodeAt.get('b') ?? 0) - 2 })
  })
})

describe('directories', () => {
  it('reads one of several runs and metadata blocks, decoding each block once', async () => {
    const children = Array.from({ length: 1500 }, (_, at): SampleNode => ({
      type: 'fifo',
      name: `entry-${String(at).padStart(5, '0')}`,
    }))
    for (const options of [{}, { compressor: 6, encode: (bytes: Uint8Array) => zstdCompressSync(bytes) }]) {
      const squashfs = await openSquashfs(bytesSource(makeSquashfs(children, options).bytes, where))
      const tree = await squashfs.tree()
      expect(tree.children('').map((entry) => entry.path)).toEqual(children.map((child) => child.name))
      // Inodes: 1500 × 20 + 32 bytes; listing: 1500 × 19 + 12 for each run; ids.
      expect(squashfs.stats.metadataBlocksDecoded).toBe(4 + 4 + 1)
      expect(await squashfs.tree()).toBe(tree)
      expect(await squashfs.entries()).toBe(await squashfs.entries())
    }
  })

  it('reads an image of one inode, the root', async () => {
    expect(await readEntries(makeSquashfs([]).bytes)).toMatchObject([{ path: '', type: 'directory', inode: 1 }])
  })

  it('gives hard links one inode number and one content', async () => {
    const tree = await (
      await openSquashfs(
        bytesSource(
          makeSquashfs([
            { type: 'file', name: 'a', content: Buffer.from('same'), links: 2 },
            { type: 'directory', name: 'd', children: [{ type: 'link', name: 'b', to: 'a' }] },
          ]).bytes,
          where,
        ),
      )
    ).tree()
    expect(tree.get('d/b')).toMatchObject({ type: 'file', inode: 1, links: 2, size: 4 })
    expect(tree.get('d/b')?.data).toBe(tree.get('a')?.data)
    expect(tree.get('a')?.data?.where).toEqual({ path: 'x.sqsh!a' })
  })

  it('gives permission bits without the type that some writers leave in them', async () => {
    const entries = await readEntries(makeSquashfs([{ type: 'fifo', name: 'p', mode: 0o10644 }]).bytes)
    expect(entries[1]?.mode).toBe(0o644)
  })

  it('reads names of 255 bytes and names that are not UTF-8', async () => {
    const names = ['a'.repeat(255), '\xff', '\xc3\xa9t\xc3\xa9']
    const entries = await readEntries(makeSquashfs(names.map((name) => ({ type: 'fifo', name }))).bytes)
    expect(entries.slice(1).map((entry) => entry.path)).toEqual(['a'.repeat(255), '\\xff', 'été'])
  })

  it('walks 256 folders deep and no deeper', async () => {
    const nest = (depth: number): SampleNode[] =>
      depth === 0 ? [] : [{ type: 'directory', name: 'd', children: nest(depth - 1) }]
    expect(await readEntries(makeSquashfs(nest(256)).bytes)).toHaveLength(257)
    await expectCode(() => readEntries(makeSquashfs(nest(257)).bytes), FormatError, 'LIMIT_EXCEEDED')
  })

  it('refuses paths of more than 4096', async () => {
    const nest = (depth: number, leaf: string): SampleNode[] =>
      depth === 0
        ? [{ type: 'fifo', name: leaf }]
        : [{ type: 'directory', name: 'd'.repeat(255), children: nest(depth - 1, leaf) }]
    // 15 × 255 and 15 slashes are 3840.
    expect(await readEntries(makeSquashfs(nest(15, 'f'.repeat(256))).bytes)).toHaveLength(17)
    await expectCode(() => readEntries(makeSquashfs(nest(16, 'f')).bytes), FormatError, 'LIMIT_EXCEEDED')
  })
})

describe('directories and inodes that are damaged', () => {
  const { bytes, inodeAt, listingAt, index } = makeSquashfs([
    {
      type: 'directory',
      name: 'd',
      children: [
        { type: 'directory', name: 'e', children: [] },
        { type: 'fifo', name: 'f' },
      ],
    },
    { type: 'file', name: 'g', content: Buffer.from('text') },
    { type: 'symlink', name: 'h', target: 'g' },
  ])
  const at = (path: string, offset = 0): number => (inodeAt.get(path) ?? 0) + offset
  // The listing of d: header 12, `e` 9, `f` 9 bytes.
  const listing = (listingAt.get('d') ?? 0) + 12
  const offsetIn = (path: string): number => at(path) - at('d/e')

  it.for([
    ['a root that is no inode', patched(bytes, 32, 8, 0x7fff), 'MALFORMED', /root inode/],
    ['a root that is a file', patched(bytes, 32, 8, offsetIn('g')), 'MALFORMED', /expected a directory, got a file/],
    ['a reference of more than 48 bits', patched(bytes, 32, 8, -1), 'MALFORMED', /48 bits/],
    ['inode type 0', patched(bytes, at('g'), 2, 0), 'MALFORMED', /inode type/],
    ['inode type 15', patched(bytes, at('g'), 2, 15), 'MALFORMED', /inode type/],
    ['an id index out of range', patched(bytes, at('g', 4), 2, 1), 'MALFORMED', /id index, expected below 1, got 1/],
    ['a fragment index out of range', patched(bytes, at('g', 20), 4, 0), 'MALFORMED', /fragment index/],
    ['an inode behind the end of its table', patched(bytes, at('', 0), 2, 8), 'TRUNCATED', /index count, got 0/],
    ['a block list longer than the table', patched(bytes, at('g', 28), 4, 0xffff_ffff), 'TRUNCATED', /block list/],
    ['a long symlink target', patched(bytes, at('h', 20), 4, 4097), 'LIMIT_EXCEEDED', /symlink target/],
    ['a symlink target behind the table', patched(bytes, at('h', 20), 4, 4096), 'TRUNCATED', /symlink target/],
    ['an entry for a directory on the path', patched(bytes, listing, 2, offsetIn('d')), 'MALFORMED', /in one place/],
    ['an entry for the root', patched(bytes, listing, 2, offsetIn('')), 'MALFORMED', /in one place/],
    ['an entry of another type', patched(bytes, listing + 4, 2, 2), 'MALFORMED', /expected a file, got a directory/],
    ['entry type 8', patched(bytes, listing + 4, 2, 8), 'MALFORMED', /entry type/],
    ['entry type 0', patched(bytes, listing + 4, 2, 0), 'MALFORMED', /entry type/],
    ['a name behind the listing', patched(bytes, listing + 6, 2, 10), 'MALFORMED', /name size/],
    ['a name of 65536 bytes', patched(bytes, listing + 6, 2, 0xffff), 'MALFORMED', /name size/],
    ['the name /', patched(bytes, listing + 8, 1, 0x2f), 'MALFORMED', /expected one of a file/],
    ['the name .', patched(bytes, listing + 8, 1, 0x2e), 'MALFORMED', /expected one of a file/],
    ['a name with NUL', patched(bytes, listing + 8, 1, 0), 'MALFORMED', /expected one of a file/],
    ['a name twice', patched(bytes, listing + 17, 1, 0x65), 'MALFORMED', /got "e" twice/],
    ['an inode block that is none', patched(bytes, listing - 8, 4, 1), 'MALFORMED', /inode of d\/e/],
    ['an inode offset behind the block', patched(bytes, listing, 2, 8192), 'MALFORMED', /inode of d\/e/],
    ['a run of 257', patched(bytes, listing - 12, 4, 256), 'MALFORMED', /at most 256 entries/],
    ['a run of 2^32', patched(bytes, listing - 12, 4, 0xffff_ffff), 'MALFORMED', /at most 256 entries/],
    ['a listing that ends inside an entry', patched(bytes, at('d', 24), 2, 12 + 9 + 8 + 3), 'MALFORMED', /name size/],
    [
      'a listing that ends behind its run',
      patched(bytes, at('d', 24), 2, 12 + 9 + 9 + 1 + 3),
      'MALFORMED',
      /end with an entry/,
    ],
    ['a listing longer than the table', patched(bytes, at('d', 24), 2, 0xffff), 'TRUNCATED', /directory listing/],
    ['a listing in no block', patched(bytes, at('d', 16), 4, 7), 'MALFORMED', /directory listing/],
    ['fewer inodes than there are', patched(bytes, 4, 4, 5), 'MALFORMED', /expected 5, got more/],
    ['more inodes than the limit', patched(bytes, 4, 4, 1_000_001), 'LIMIT_EXCEEDED', /at most 1000000/],
    ['an inode table that ends elsewhere', patched(bytes, 72, 8, at('g')), 'TRUNCATED', /inode table/],
    ['a metadata block of 0 bytes', patched(bytes, at('d/e', -2), 2, 0x8000), 'MALFORMED', /1 to 8192 bytes/],
    ['a metadata block of 8193 bytes', patched(bytes, at('d/e', -2), 2, 0x8000 | 8193), 'MALFORMED', /1 to 8192 bytes/],
    [
      'a stored metadata block that is called compressed',
      patched(bytes, at('d/e', -1), 1, 0),
      'MALFORMED',
      /gzip stream/,
    ],
    ['no id table', patched(bytes, 48, 8, -1), 'MALFORMED', /id table/],
    ['an id table that is the superblock', patched(bytes, index.id, 8, 0), 'MALFORMED', /directory table|id table/],
    ['an id table behind the image', patched(bytes, index.id, 8, 1 << 20), 'MALFORMED', /directory table|id table/],
    ['more ids than in the table', patched(bytes, 26, 2, 2), 'MALFORMED', /expected 8 bytes, got 4/],
    ['fragments without a table', patched(patched(bytes, 16, 4, 1), 80, 8, -1), 'MALFORMED', /fragment table/],
    ['more fragments than the limit', patched(bytes, 16, 4, 0xffff_ffff), 'LIMIT_EXCEEDED', /fragment table|inode/],
  ] as const)('%s', async ([, damaged, code, message]) => {
    const error = await expectCode(() => readEntries(damaged), FormatError, code)
    expect(error.message).toMatch(message)
    expect(error.at?.path).toMatch(/^x\.sqsh/)
    expect(error.at?.offset).toBeTypeOf('number')
  })

  it('block lists that overlap', async () => {
    // Two inodes whose lists are what follows them, up to the end of the table: together more than the table.
    const content = Buffer.alloc(4096)
    const sample = makeSquashfs([
      { type: 'file', name: 'a', content },
      { type: 'file', name: 'b', content },
      { type: 'symlink', name: 'c', target: 'c'.repeat(4000) },
    ])
    const size = (path: string): number => (sample.inodeAt.get(path) ?? 0) + 28
    const damaged = patched(patched(sample.bytes, size('a'), 4, 1000 * 4096), size('b'), 4, 1000 * 4096)
    const error = await expectCode(() => readEntries(damaged), FormatError, 'MALFORMED')
    expect(error.message).toMatch(/overlapping/)
  })

  it('a file of 2^40 bytes whose list is not there', async () => {
    const sample = makeSquashfs([{ type: 'file', name: 'a', content: Buffer.from('x'), extended: true }])
    const damaged = patched(sample.bytes, (sample.inodeAt.get('a') ?? 0) + 24, 8, 2 ** 40)
    const error = await expectCode(() => readEntries(damaged), FormatError, 'TRUNCATED')
    expect(error.message).toMatch(/block list/)
  })
})

describe('content that one initramfs may bring', () => {
  const nodes: SampleNode[] = [
    { type: 'file', name: 'a', content: Buffer.alloc(300) },
    { type: 'file', name: 'b', content: Buffer.alloc(300) },
    { type: 'link', name: 'c', to: 'a' },
  ]

  it('counts each file once, holes too, before any is read', async () => {
    const { bytes } = makeSquashfs(nodes)
    const allowance = { contentBytes: 600 }
    expect(await (await openSquashfs(bytesSource(bytes, where), allowance)).entries()).toHaveLength(4)
    expect(allowance.contentBytes).toBe(0)
    const spent = await openSquashfs(bytesSource(bytes, where), { contentBytes: 599 })
    await expectCode(() => spent.entries(), FormatError, 'LIMIT_EXCEEDED')
    expect(spent.stats.blocksDecoded).toBe(0)
  })
})
