import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { fields, patched } from '../../testing/squashfs-sample-bytes.ts'
import { makeSquashfs } from '../../testing/squashfs-samples.ts'
import { openSquashfs } from './reader.ts'
import { parseSuperblock } from './superblock.ts'

const where = { path: 'x.sqsh' }
/** As mksquashfs -comp zstd writes it; the tables are at made-up places. */
const superblock = fields(
  Buffer.from('hsqs'),
  [12, 4],
  [1_700_000_000, 4],
  [0x20000, 4],
  [1, 4],
  [6, 2],
  [17, 2],
  [0xc0, 2],
  [1, 2],
  [4, 2],
  [0, 2],
  [0x123, 8],
  [700, 8],
  [690, 8],
  [-1, 8],
  [200, 8],
  [300, 8],
  [680, 8],
  [685, 8],
)

describe('parseSuperblock', () => {
  it('reads every field', () => {
    expect(parseSuperblock(superblock, 4096, where)).toEqual({
      version: '4.0',
      compression: 'zstd',
      blockSize: 131_072,
      blockLog: 17,
      inodeCount: 12,
      fragmentCount: 1,
      idCount: 1,
      bytesUsed: 700,
      flags: 0xc0,
      modificationTime: 1_700_000_000,
      rootInode: 0x123n,
      inodeTable: 200,
      directoryTable: 300,
      idIndex: 690,
      fragmentIndex: 680,
      exportIndex: 685,
      xattrIndex: undefined,
    })
  })

  it.for([
    ['another magic', 0, 4, 0x73717369, 'BAD_MAGIC', 0],
    ['version 3', 28, 2, 3, 'UNSUPPORTED', 28],
    ['version 4.1', 30, 2, 1, 'UNSUPPORTED', 28],
    ['compressor 0', 20, 2, 0, 'UNSUPPORTED', 20],
    ['compressor 7', 20, 2, 7, 'UNSUPPORTED', 20],
    ['a block size that is no power of two', 12, 4, 0x20001, 'MALFORMED', 12],
    ['a block size that its logarithm contradicts', 22, 2, 16, 'MALFORMED', 12],
    ['more bytes used than there are', 40, 8, 4097, 'TRUNCATED', 4096],
    ['bytes used beyond 2^53', 40, 8, -1, 'LIMIT_EXCEEDED', 40],
    ['a table behind the end', 48, 8, 701, 'MALFORMED', 48],
    ['a table inside the superblock', 80, 8, 95, 'MALFORMED', 80],
    ['an inode table behind the directory table', 64, 8, 301, 'MALFORMED', 64],
    ['no directory table', 72, 8, -1, 'MALFORMED', 64],
  ] as const)('refuses %s', async ([, offset, width, value, code, at]) => {
    const error = await expectCode(
      () => parseSuperblock(patched(superblock, offset, width, value), 4096, where),
      FormatError,
      code,
    )
    expect(error.at).toEqual({ path: 'x.sqsh', offset: at })
  })

  it.for([
    [4096, 12],
    [1 << 20, 20],
  ])('takes blocks of %d bytes', ([size = 0, log = 0]) => {
    const bytes = patched(patched(superblock, 12, 4, size), 22, 2, log)
    expect(parseSuperblock(bytes, 4096, where).blockSize).toBe(size)
  })

  it('refuses blocks of 2 KiB', async () => {
    const bytes = patched(patched(superblock, 12, 4, 2048), 22, 2, 11)
    const error = await expectCode(() => parseSuperblock(bytes, 4096, where), FormatError, 'MALFORMED')
    expect(error.at?.offset).toBe(12)
  })

  it('refuses 95 bytes', async () => {
    const short = superblock.subarray(0, 95)
    const error = await expectCode(() => parseSuperblock(short, 95, where), FormatError, 'TRUNCATED')
    expect(error.at?.offset).toBe(95)
  })
})

describe('openSquashfs', () => {
  it('gives the facts of the superblock without reading a table', async () => {
    const { bytes, index } = makeSquashfs([
      { type: 'fifo', name: 'f', xattrs: [{ prefix: 0, name: 'a', value: Buffer.from('1') }] },
    ])
    const squashfs = await openSquashfs(bytesSource(bytes, where))
    expect(squashfs).toMatchObject({ version: '4.0', compression: 'gzip', blockSize: 4096, inodeCount: 2, xattrIds: 1 })
    expect(squashfs.bytesUsed).toBe(index.xattr + 24)
    expect(squashfs.where).toBe(where)
    expect(squashfs.stats).toEqual({ blocksDecoded: 0, metadataBlocksDecoded: 0 })
  })

  it.for([
    [2, 'lzma'],
    [3, 'lzo'],
    [4, 'xz'],
    [5, 'lz4'],
  ] as const)('opens compressor %d, and names it where something must be decoded', async ([compressor, name]) => {
    const stored = makeSquashfs([{ type: 'fifo', name: 'f' }], { compressor }).bytes
    const encoded = makeSquashfs([{ type: 'fifo', name: 'f' }], { compressor, encode: (bytes) => bytes }).bytes
    expect((await (await openSquashfs(bytesSource(stored, where))).tree()).has('f')).toBe(true)
    const squashfs = await openSquashfs(bytesSource(encoded, where))
    expect(squashfs.compression).toBe(name)
    const error = await expectCode(() => squashfs.tree(), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain(`got ${name}`)
  })

  it('refuses an xattr table that is not inside', async () => {
    const { bytes, index } = makeSquashfs([
      { type: 'fifo', name: 'f', xattrs: [{ prefix: 0, name: 'a', value: Buffer.from('1') }] },
    ])
    const damaged = patched(bytes, 56, 8, index.xattr + 10)
    const error = await expectCode(() => openSquashfs(bytesSource(damaged, where)), FormatError, 'MALFORMED')
    expect(error.at?.offset).toBe(index.xattr + 10)
  })
})
