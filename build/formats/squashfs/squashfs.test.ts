// The layout that the writer makes, and input that it refuses.
import { createHash } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesSource, makeSource } from '#harness/bytes/source.ts'
import { FormatError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
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

function listed(n: number, more: Partial<ListedInode> = {}): ListedInode {
  return { name: Buffer.from(`${n}`.padStart(20, '0')), type: 'file', number: n + 1, reference: n * 32, ...more }
}

/** Count of entries, block and first number of each run. */
function runs(entries: readonly ListedInode[]): number[][] {
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

async function flagsOf(options: Partial<SquashfsOptions>): Promise<number> {
  return Buffer.from(await encodeSquashfs([], { ...stored, stored: false, ...options })).readUInt16LE(24)
}

describe('an image', () => {
  it('of nothing is a superblock, the level, the root and empty tables, padded to 4 KiB', async () => {
    const image = Buffer.from(await encodeSquashfs([], stored))
    expect(image.length).toBe(4096)
    expect(image.subarray(0, 180).toString('hex')).toBe(
      [
        '68737173 01000000 05000000 00000200 00000000', // magic, inodes, time, block size, fragments
        '0600 1100 cb05 0100 0400 0000', // compression, log, flags, ids, version 4.0
        '0000000000000000 a800000000000000', // root inode, bytes used
        'a000000000000000 ffffffffffffffff', // id table, xattr table
        '6600000000000000 8800000000000000', // inode table, directory table
        '8800000000000000 9200000000000000', // fragment table, export table
        '0480 12000000', // options: level 18
        '2080 0100ed010000000005000000 01000000', // basic directory, 0755, ids 0, time, number 1
        '00000000 02000000 0300 0000 02000000', // block, links, size, offset, parent
        '0880 0000000000000000 8800000000000000', // export table: one reference; its index
        '0480 00000000 9a00000000000000', // ids: 0; its index
        '000000000000000000000000', // padding
      ]
        .join('')
        .replaceAll(' ', ''),
    )
  })

  it('leaves out the options at the level that mksquashfs implies', async () => {
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
  it('begins a run after 256 entries, in another block, and where numbers are far', () => {
    const entries = Array.from({ length: 257 }, (_, n) => listed(n))
    expect(runs(entries.slice(0, 256))).toEqual([[256, 0, 1]])
    expect(runs(entries)).toEqual([
      [256, 0, 1],
      [1, 0, 257],
    ])
    expect(runs([listed(0), listed(1, { reference: 9 * 0x1_0000 })])).toEqual([
      [1, 0, 1],
      [1, 9, 2],
    ])
    expect(runs([listed(0), listed(1, { number: 32_768 })])).toEqual([[2, 0, 1]])
    expect(runs([listed(0), listed(1, { number: 32_769 })])).toEqual([
      [1, 0, 1],
      [1, 0, 32_769],
    ])
    expect(runs([listed(0, { number: 32_770 }), listed(1)])).toEqual([[2, 0, 32_770]])
    expect(runs([listed(0, { number: 32_771 }), listed(1)])).toEqual([
      [1, 0, 32_771],
      [1, 0, 2],
    ])
  })

  it('has an index entry for every 8 KiB, at a run', () => {
    const { index, bytes, long } = encodeListing(Array.from({ length: 1000 }, (_, n) => listed(n)))
    expect(long).toBe(true)
    expect(index.map(({ position }) => Math.floor(position / 8192))).toEqual([0, 1, 2])
    for (const { position, name } of index)
      expect(bytes.subarray(position + 12 + 8, position + 12 + 8 + name.length)).toEqual(name)
  })
})

const device = { major: 1, minor: 1 }
const noValue = new Uint8Array(0)
const owners = Array.from({ length: 65_535 }, (_, n) => entry(`${n}`, { type: 'fifo', uid: n + 1 }))

describe('refuses', () => {
  it.for([
    ['MALFORMED', 'one path twice', [entry('a'), entry('a')]],
    ['MALFORMED', 'a path upwards', [entry('a/../b')]],
    ['MALFORMED', 'a path that is not normalised', [entry('/a')]],
    ['MALFORMED', 'a NUL in a name', [entry('a\0b')]],
    ['MALFORMED', 'a file below a file', [entry('a'), entry('a/b')]],
    ['MALFORMED', 'a root that is a file', [entry('')]],
    ['MALFORMED', 'a hard link to nothing', [entry('a', { type: 'hardlink', target: 'b' })]],
    [
      'MALFORMED',
      'a hard link to a folder',
      [entry('a', { type: 'hardlink', target: 'b' }), entry('b', { type: 'directory' })],
    ],
    ['MALFORMED', 'a hard link to itself', [entry('a', { type: 'hardlink', target: 'a' })]],
    ['MALFORMED', 'a device without numbers', [entry('a', { type: 'block' })]],
    ['MALFORMED', 'a mode of 17 bits', [entry('a', { mode: 0o100644 })]],
    ['MALFORMED', 'a negative owner', [entry('a', { uid: -1 })]],
    ['MALFORMED', 'a group of 33 bits', [entry('a', { gid: 2 ** 32 })]],
    ['MALFORMED', 'a time of 33 bits', [entry('a', { mtime: 2 ** 32 })]],
    ['MALFORMED', 'a time in parts of a second', [entry('a', { mtime: 0.5 })]],
    ['MALFORMED', 'a major number of 13 bits', [entry('a', { type: 'block', device: { ...device, major: 4096 } })]],
    ['MALFORMED', 'a minor number of 21 bits', [entry('a', { type: 'block', device: { ...device, minor: 1 << 20 } })]],
    ['LIMIT_EXCEEDED', 'a name of 257 bytes', [entry('x'.repeat(257))]],
    ['LIMIT_EXCEEDED', 'a path of 4096 bytes', [entry('d/'.repeat(2047) + 'ff')]],
    ['LIMIT_EXCEEDED', 'a target of 4096 bytes', [entry('a', { type: 'symlink', target: 'x'.repeat(4096) })]],
    ['LIMIT_EXCEEDED', 'a target of none', [entry('a', { type: 'symlink' })]],
    [
      'LIMIT_EXCEEDED',
      'an attribute name of 256 bytes',
      [entry('a', { xattrs: new Map([[`user.${'x'.repeat(251)}`, noValue]]) })],
    ],
    [
      'LIMIT_EXCEEDED',
      'an attribute above 64 KiB',
      [entry('a', { xattrs: new Map([['user.x', new Uint8Array(65_537)]]) })],
    ],
    ['LIMIT_EXCEEDED', 'more than 65535 owners', owners],
    ['UNSUPPORTED', 'an attribute of another namespace', [entry('a', { xattrs: new Map([['system.x', noValue]]) })]],
    ['UNSUPPORTED', 'an attribute without a name', [entry('a', { xattrs: new Map([['user.', noValue]]) })]],
  ] as const)('%s: %s', async ([code, , files]) => {
    const error = await expectCode(() => encodeSquashfs(files, stored), FormatError, code)
    expect(error.message).toMatch(/^squashfs: expected .*, got /u)
    expect(error.at?.path).toMatch(/^\//u)
  })

  it.for([
    { blockSize: 2048 },
    { blockSize: 5000 },
    { blockSize: 1 << 21 },
    { level: 0 },
    { level: 23 },
    { level: 1.5 },
    { compression: 'gzip', level: 10 },
  ] as const)('UNSUPPORTED: %o', async (options) => {
    const error = await expectCode(() => encodeSquashfs([], { ...stored, ...options }), FormatError, 'UNSUPPORTED')
    expect(error.at).toBeUndefined()
  })

  it('a source that cannot be read, with the error of that source', async () => {
    const failure = new FormatError('bytes', 'TRUNCATED', 'expected more')
    const broken = makeSource(() => Promise.reject(failure), 0, 1 << 20, {})
    const files = [entry('a', { data: noise(1 << 20, 'a') }), entry('b', { data: broken })]
    await expect(encodeSquashfs(files, { ...stored, stored: false })).rejects.toBe(failure)
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
