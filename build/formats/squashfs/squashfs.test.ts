// What the writer puts where, and what it refuses.
import { createHash } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesSource, makeSource } from '../../../harness/bytes/source.ts'
import { FormatError } from '../../../harness/errors.ts'
import { expectCode } from '../../../harness/testing/expect-code.ts'
import { encodeListing, type ListedInode } from './directory.ts'
import { encodeSquashfs, type SquashFile, type SquashfsOptions } from './writer.ts'

const stored: SquashfsOptions = { compression: 'zstd', modificationTime: 5, stored: true }

function entry(path: string, more: Partial<SquashFile> = {}): SquashFile {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 7, ...more }
}

function noise(size: number, seed: string): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < size; at += 32) parts.push(createHash('sha256').update(`${seed} ${at}`).digest())
  return Buffer.concat(parts).subarray(0, size)
}

const inodeTable = (image: Uint8Array): number => Number(Buffer.from(image).readBigUInt64LE(64))

describe('an image', () => {
  it('of nothing is a superblock, the level, the root and empty tables, padded to 4 KiB', async () => {
    const image = Buffer.from(await encodeSquashfs([], stored))
    expect(image.length).toBe(4096)
    expect(image.subarray(0, 180).toString('hex')).toBe(
      [
        '68737173' + '01000000' + '05000000' + '00000200' + '00000000', // magic, inodes, time, block size, fragments
        '0600' + '1100' + 'cb05' + '0100' + '0400' + '0000', // compression, log, flags, ids, version 4.0
        '0000000000000000' + 'ac00000000000000', // root inode, bytes used
        'a400000000000000' + 'ffffffffffffffff', // id table, xattr table
        '6600000000000000' + '8800000000000000', // inode table, directory table
        '8800000000000000' + '9200000000000000', // fragment table, export table
        '0480' + '12000000', // options: level 18
        '2080' + '0100ed010000000005000000' + '01000000', // basic directory, 0755, ids 0, time, number 1
        '00000000' + '02000000' + '0300' + '0000' + '02000000', // block, links, size, offset, parent
        '0880' + '0000000000000000' + '8800000000000000', // export table: one reference; its index
        '0480' + '00000000' + '9a00000000000000', // ids: 0; its index
        '0000000000000000', // padding
      ].join(''),
    )
  })

  it('leaves out the options at the level that mksquashfs implies', async () => {
    const flagsOf = async (options: Partial<SquashfsOptions>): Promise<number> =>
      Buffer.from(await encodeSquashfs([], { ...stored, stored: false, ...options })).readUInt16LE(24)
    expect(await flagsOf({ level: 15 })).toBe(0x0c0)
    expect(await flagsOf({ compression: 'gzip' })).toBe(0x0c0)
    expect(await flagsOf({ compression: 'gzip', level: 1 })).toBe(0x4c0)
    expect(await flagsOf({ level: 15, fragments: 'none', duplicates: false })).toBe(0x090)
    expect(await flagsOf({ level: 15, fragments: 'tail-ends' })).toBe(0x0e0)
  })

  it('is the same whatever the order of the files, the concurrency and the form of the data', async () => {
    const files = Array.from({ length: 60 }, (_, n) => entry(`d${n % 3}/${n}`, { data: noise(n * 900, `${n}`) }))
    const options: SquashfsOptions = { compression: 'zstd', level: 3, modificationTime: 5, blockSize: 4096 }
    const late = makeLateSource(noise(59 * 900, '59'))
    const [one, ...others] = await Promise.all([
      encodeSquashfs(files, { ...options, concurrency: 1 }),
      encodeSquashfs(files.toReversed(), { ...options, concurrency: 64 }),
      encodeSquashfs([...files.slice(0, 59), entry('d2/59', { data: late })], options),
    ])
    for (const other of others) expect(Buffer.compare(other, one)).toBe(0)
  })

  it('keeps equal contents once, and reclaims the room of the copy', async () => {
    const data = noise(300_000, 'same')
    const last = noise(200_000, 'last')
    const files = [entry('a', { data }), entry('b', { data: bytesSource(data) }), entry('c', { data: last })]
    const image = Buffer.from(await encodeSquashfs(files, stored))
    expect(inodeTable(image)).toBe(102 + data.length + last.length)
    expect(image.subarray(102 + data.length).indexOf(last)).toBe(0)
    const twice = await encodeSquashfs(files, { ...stored, duplicates: false })
    expect(inodeTable(twice)).toBe(102 + 2 * data.length + last.length)
    const trailing = Buffer.from(await encodeSquashfs(files.slice(0, 2), stored))
    expect(trailing.subarray(Number(trailing.readBigUInt64LE(40))).every((byte) => byte === 0)).toBe(true)
  })

  it('stores what does not compress, and nothing for zeros', async () => {
    const data = Buffer.concat([noise(4096, 'n'), Buffer.alloc(8192), Buffer.alloc(4096, 'x')])
    const image = Buffer.from(
      await encodeSquashfs([entry('f', { data })], { ...stored, stored: false, blockSize: 4096 }),
    )
    expect(image.subarray(102, 102 + 4096).equals(data.subarray(0, 4096))).toBe(true)
    const frame = image.subarray(102 + 4096, inodeTable(image))
    expect(zstdDecompressSync(frame).equals(data.subarray(12_288))).toBe(true)
    // Single segment (bit 5 of the frame header descriptor): Linux refuses a window above the block size.
    expect(frame.readUInt8(4) & 0x20).toBe(0x20)
  })
})

describe('a listing', () => {
  const listed = (n: number, more: Partial<ListedInode> = {}): ListedInode => ({
    name: Buffer.from(`${n}`.padStart(20, '0')),
    type: 'file',
    number: n + 1,
    reference: n * 32,
    ...more,
  })
  /** Count of entries, block and first number of each run. */
  const runs = (entries: readonly ListedInode[]): number[][] => {
    const { bytes } = encodeListing(entries)
    const found: number[][] = []
    for (let at = 0; at < bytes.length;) {
      const count = bytes.readUInt32LE(at) + 1
      found.push([count, bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)])
      at += 12
      for (let n = 0; n < count; n++) at += 8 + bytes.readUInt16LE(at + 6) + 1
    }
    return found
  }

  it('begins a run after 256 entries, in another block, and where numbers are far', () => {
    const entries = Array.from({ length: 257 }, (_, n) => listed(n))
    expect(runs(entries.slice(0, 256))).toEqual([[256, 0, 1]])
    expect(runs(entries)).toEqual([[256, 0, 1], [1, 0, 257]]) // prettier-ignore
    expect(runs([listed(0), listed(1, { reference: 9 * 0x1_0000 })])).toEqual([[1, 0, 1], [1, 9, 2]]) // prettier-ignore
    expect(runs([listed(0), listed(1, { number: 32_768 })])).toEqual([[2, 0, 1]])
    expect(runs([listed(0), listed(1, { number: 32_769 })])).toEqual([[1, 0, 1], [1, 0, 32_769]]) // prettier-ignore
    expect(runs([listed(0, { number: 32_770 }), listed(1)])).toEqual([[2, 0, 32_770]])
    expect(runs([listed(0, { number: 32_771 }), listed(1)])).toEqual([[1, 0, 32_771], [1, 0, 2]]) // prettier-ignore
  })

  it('has an index entry for every 8 KiB, at a run', () => {
    const { index, bytes, long } = encodeListing(Array.from({ length: 1000 }, (_, n) => listed(n)))
    expect(long).toBe(true)
    expect(index.map(({ position }) => Math.floor(position / 8192))).toEqual([0, 1, 2])
    for (const { position, name } of index)
      expect(bytes.subarray(position + 12 + 8, position + 12 + 8 + name.length)).toEqual(name)
  })
})

describe('refuses', () => {
  const refused = (code: 'MALFORMED' | 'LIMIT_EXCEEDED' | 'UNSUPPORTED', files: SquashFile[], more = {}) =>
    expectCode(() => encodeSquashfs(files, { ...stored, ...more }), FormatError, code)
  const device = { major: 1, minor: 1 }

  it.for([
    ['one path twice', [entry('a'), entry('a')]],
    ['a path upwards', [entry('a/../b')]],
    ['a path that is not normalised', [entry('/a')]],
    ['a NUL in a name', [entry('a\0b')]],
    ['a file below a file', [entry('a'), entry('a/b')]],
    ['a root that is a file', [entry('')]],
    ['a hard link to nothing', [entry('a', { type: 'hardlink', target: 'b' })]],
    ['a hard link to a folder', [entry('a', { type: 'hardlink', target: 'b' }), entry('b', { type: 'directory' })]],
    ['a hard link to itself', [entry('a', { type: 'hardlink', target: 'a' })]],
    ['a device without numbers', [entry('a', { type: 'block' })]],
    ['a mode of 17 bits', [entry('a', { mode: 0o100644 })]],
    ['a negative owner', [entry('a', { uid: -1 })]],
    ['a group of 33 bits', [entry('a', { gid: 2 ** 32 })]],
    ['a time of 33 bits', [entry('a', { mtime: 2 ** 32 })]],
    ['a time in parts of a second', [entry('a', { mtime: 0.5 })]],
    ['a major number of 13 bits', [entry('a', { type: 'block', device: { ...device, major: 4096 } })]],
    ['a minor number of 21 bits', [entry('a', { type: 'block', device: { ...device, minor: 1 << 20 } })]],
  ] as const)('%s', async ([, files]) => {
    const { at } = await refused('MALFORMED', [...files])
    expect(at?.path).toMatch(/^\//u)
  })

  it('names, paths, targets and attributes that are too long, and too many owners', async () => {
    await refused('LIMIT_EXCEEDED', [entry('x'.repeat(257))])
    await refused('LIMIT_EXCEEDED', [entry('d/'.repeat(2050) + 'f')])
    await refused('LIMIT_EXCEEDED', [entry('a', { type: 'symlink', target: 'x'.repeat(4096) })])
    await refused('LIMIT_EXCEEDED', [entry('a', { type: 'symlink' })])
    await refused('LIMIT_EXCEEDED', [entry('a', { xattrs: new Map([[`user.${'x'.repeat(251)}`, new Uint8Array(0)]]) })])
    await refused('LIMIT_EXCEEDED', [entry('a', { xattrs: new Map([['user.x', new Uint8Array(65_537)]]) })])
    await refused(
      'LIMIT_EXCEEDED',
      Array.from({ length: 65_535 }, (_, n) => entry(`${n}`, { type: 'fifo', uid: n + 1 })),
    )
  })

  it('attributes without a namespace of squashfs, block sizes and levels that Linux does not read', async () => {
    await refused('UNSUPPORTED', [entry('a', { xattrs: new Map([['system.x', new Uint8Array(0)]]) })])
    await refused('UNSUPPORTED', [entry('a', { xattrs: new Map([['user.', new Uint8Array(0)]]) })])
    for (const blockSize of [2048, 5000, 1 << 21]) await refused('UNSUPPORTED', [], { blockSize })
    for (const level of [0, 23, 1.5]) await refused('UNSUPPORTED', [], { level })
    await refused('UNSUPPORTED', [], { compression: 'gzip', level: 10 })
  })

  it('with the error of a source that cannot be read', async () => {
    const broken = makeSource(
      () => Promise.reject(new FormatError('bytes', 'TRUNCATED', 'expected more')),
      0,
      1 << 20,
      {},
    )
    const files = [entry('a', { data: noise(1 << 20, 'a') }), entry('b', { data: broken })]
    await expectCode(() => encodeSquashfs(files, { ...stored, stored: false }), FormatError, 'TRUNCATED')
  })
})

/** A source whose reads take a while. */
function makeLateSource(bytes: Uint8Array): ReturnType<typeof bytesSource> {
  return makeSource(
    async (offset, length) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return bytes.subarray(offset, offset + length)
    },
    0,
    bytes.length,
    {},
  )
}
