import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { patched } from '../../testing/squashfs-sample-bytes.ts'
import { makeSquashfs, type SampleNode } from '../../testing/squashfs-samples.ts'
import { openSquashfs } from './reader.ts'

const where = { path: 'x.sqsh' }
const label = Buffer.from('system_u:object_r:bin_t:s0\0')

async function readXattrs(bytes: Uint8Array, path: string) {
  return (await (await openSquashfs(bytesSource(bytes, where))).tree()).get(path)?.xattrs
}

const nodes: SampleNode[] = [
  {
    type: 'file',
    name: 'f',
    content: Buffer.from('text'),
    xattrs: [
      { prefix: 2, name: 'selinux', value: label },
      { prefix: 0, name: 'empty', value: Buffer.alloc(0) },
      { prefix: 1, name: 'far', value: Buffer.alloc(5000, 'v'), outOfLine: true },
    ],
  },
  { type: 'directory', name: 'd', children: [], xattrs: [{ prefix: 2, name: 'selinux', value: label }] },
  { type: 'symlink', name: 'l', target: 'f', xattrs: [{ prefix: 2, name: 'selinux', value: label }] },
  { type: 'character', name: 'n', device: 1, xattrs: [{ prefix: 2, name: 'selinux', value: label }] },
  { type: 'fifo', name: 'p', xattrs: [{ prefix: 1, name: 'big', value: Buffer.alloc(9000, 'w') }] },
  { type: 'socket', name: 's', xattrs: [] },
]

describe('extended attributes', () => {
  it('reads them on every type, in line and out of line, across metadata blocks', async () => {
    const { bytes } = makeSquashfs(nodes)
    expect(await readXattrs(bytes, 'f')).toEqual(
      new Map([
        ['security.selinux', new Uint8Array(label)],
        ['user.empty', new Uint8Array(0)],
        ['trusted.far', new Uint8Array(Buffer.alloc(5000, 'v'))],
      ]),
    )
    for (const path of ['d', 'l', 'n'])
      expect(await readXattrs(bytes, path)).toEqual(new Map([['security.selinux', new Uint8Array(label)]]))
    expect((await readXattrs(bytes, 'p'))?.get('trusted.big')).toHaveLength(9000)
    expect(await readXattrs(bytes, 's')).toEqual(new Map())
    expect(await readXattrs(bytes, '')).toBeUndefined()
  })

  const one = makeSquashfs([
    {
      type: 'fifo',
      name: 'f',
      xattrs: [
        { prefix: 0, name: 'a', value: Buffer.from('1234'), outOfLine: true },
        { prefix: 0, name: 'b', value: Buffer.from('2') },
      ],
    },
  ])
  // In the table: value 4+4; then a: type 2, size 2, name 1, size 4, reference 8; then b: 2, 2, 1, 4, 1.
  const a = one.xattrsAt + 8
  const b = a + 17

  it.for([
    ['an index out of range', patched(one.bytes, (one.inodeAt.get('f') ?? 0) + 20, 4, 1), 'MALFORMED', /xattr index/],
    ['a set in no block', patched(one.bytes, one.xattrIdsAt, 8, 1 << 16), 'MALFORMED', /xattr reference/],
    ['a set behind the table', patched(one.bytes, one.xattrIdsAt, 8, 8191), 'MALFORMED', /xattr reference/],
    ['more attributes than there are', patched(one.bytes, one.xattrIdsAt + 8, 4, 3), 'TRUNCATED', /xattr type/],
    ['2^32 attributes', patched(one.bytes, one.xattrIdsAt + 8, 4, 0xffff_ffff), 'LIMIT_EXCEEDED', /xattr count/],
    ['an unknown prefix', patched(one.bytes, b, 2, 3), 'MALFORMED', /type 0 to 2/],
    ['a name of 256 bytes', patched(one.bytes, b + 2, 2, 256), 'MALFORMED', /at most 255 bytes/],
    ['a name behind the table', patched(one.bytes, b + 2, 2, 255), 'TRUNCATED', /xattr name/],
    ['a name twice', patched(one.bytes, b + 4, 1, 0x61), 'MALFORMED', /got user.a twice/],
    ['a value behind the table', patched(one.bytes, b + 5, 4, 2), 'TRUNCATED', /xattr value/],
    ['a value of more than 64 KiB', patched(one.bytes, b + 5, 4, 65_537), 'LIMIT_EXCEEDED', /xattr value/],
    ['a reference that is none', patched(one.bytes, b, 2, 0x100), 'MALFORMED', /reference of 8 bytes/],
    ['a value in no block', patched(one.bytes, a + 9, 8, 1 << 20), 'MALFORMED', /xattr value/],
    [
      'more ids than in the table',
      patched(one.bytes, one.index.xattr + 8, 4, 2),
      'MALFORMED',
      /expected 32 bytes, got 16/,
    ],
    ['2^32 ids', patched(one.bytes, one.index.xattr + 8, 4, 0xffff_ffff), 'LIMIT_EXCEEDED', /xattr ids/],
    ['a table behind its ids', patched(one.bytes, one.index.xattr, 8, one.index.xattr), 'MALFORMED', /xattrs/],
  ] as const)('refuses %s', async ([, damaged, code, message]) => {
    const error = await expectCode(() => readXattrs(damaged, 'f'), FormatError, code)
    expect(error.message).toMatch(message)
    expect(error.at?.path).toMatch(/^x\.sqsh/)
  })

  it('refuses sets that name one value so often that they are gigabytes', async () => {
    const value = Buffer.alloc(60_000)
    const xattrs = Array.from({ length: 300 }, (_, at) => ({ prefix: 0, name: `${at}`, value, outOfLine: true }))
    const { bytes } = makeSquashfs([{ type: 'fifo', name: 'f', xattrs }])
    expect(bytes.length).toBeLessThan(80_000)
    const error = await expectCode(() => readXattrs(bytes, 'f'), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toMatch(/at most 16777216 bytes/)
  })
})
