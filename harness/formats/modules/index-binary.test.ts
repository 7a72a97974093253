import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseModulesIndex } from './index-binary.ts'

const where = { path: 'modules.dep.bin' }
const PREFIX = 0x8000_0000
const VALUES = 0x4000_0000
const CHILDS = 0x2000_0000

const u32 = (...values: readonly number[]) =>
  values.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
const text = (value: string) => [...Buffer.from(value), 0]
const header = (root: number) => u32(0xb007f457, 0x00020001, root)
const parse = (bytes: readonly number[]) => parseModulesIndex(Uint8Array.from(bytes), where)

/** Nodes written one after another, each giving the reference that its parent stores; the last is the root. */
function writeIndex(write: (node: (flags: number, bytes: readonly number[]) => number) => number): number[] {
  const bytes = header(0)
  const root = write((flags, node) => {
    const reference = flags + bytes.length
    bytes.push(...node)
    return reference
  })
  return bytes
    .with(8, root >>> 24)
    .with(9, (root >>> 16) & 255)
    .with(10, (root >>> 8) & 255)
    .with(11, root & 255)
}

const sample = writeIndex((node) => {
  const spl = node(PREFIX + VALUES, [...text('pl'), ...u32(2, 0), ...text('extras/spl.ko:'), ...u32(9), ...text('')])
  const zfs = node(VALUES, [...u32(1, 1), ...text('extras/zfs.ko: extras/spl.ko')])
  const z = node(PREFIX + CHILDS + VALUES, [...text('f'), 0x72, 0x73, ...u32(0, zfs), ...u32(1, 7), ...text('v')])
  return node(CHILDS, [0x73, 0x7a, ...u32(spl, 0, 0, 0, 0, 0, 0, z)])
})

describe('parseModulesIndex', () => {
  it('reads keys in order with their values', () => {
    expect([...parse(sample)]).toEqual([
      [
        'spl',
        [
          { value: 'extras/spl.ko:', priority: 0 },
          { value: '', priority: 9 },
        ],
      ],
      ['zf', [{ value: 'v', priority: 7 }]],
      ['zfs', [{ value: 'extras/zfs.ko: extras/spl.ko', priority: 1 }]],
    ])
  })

  it('reads an empty file and a trie without keys as empty', () => {
    expect(parse([]).size).toBe(0)
    expect(parse(header(12)).size).toBe(0)
  })

  it('reads a key at the root', () => {
    expect([...parse([...header(VALUES + 12), ...u32(1, 0), ...text('v')]).keys()]).toEqual([''])
  })

  it('reads the deepest tree', () => {
    const depth = 4096
    const bytes = writeIndex((node) => {
      let reference = node(VALUES, [...u32(1, 0), ...text('v')])
      for (let n = 0; n < depth; n++) reference = node(CHILDS, [0x61, 0x61, ...u32(reference)])
      return reference
    })
    expect([...parse(bytes).keys()]).toEqual(['a'.repeat(depth)])
  })
})

describe('parseModulesIndex refuses', () => {
  it.each([
    ['another magic', 'BAD_MAGIC', 0, u32(0xb007fa57, 0x00020001, 12)],
    ['another major version', 'UNSUPPORTED', 4, u32(0xb007f457, 0x00030001, 12)],
    ['a header cut short', 'TRUNCATED', 4, u32(0xb007f457)],
    ['a node past the end', 'TRUNCATED', 12, header(VALUES + 100)],
    ['a node in the header', 'MALFORMED', 12, header(4)],
    ['a prefix without end', 'TRUNCATED', 12, [...header(PREFIX + 12), 0x61]],
    ['a value without end', 'TRUNCATED', 20, [...header(VALUES + 12), ...u32(1, 0), 0x61]],
    ['more values than bytes', 'TRUNCATED', 16, [...header(VALUES + 12), ...u32(0xffff_ffff)]],
    ['children out of order', 'MALFORMED', 14, [...header(CHILDS + 12), 2, 1]],
    ['children cut short', 'TRUNCATED', 18, [...header(CHILDS + 12), 1, 2, ...u32(0)]],
    ['a cycle', 'MALFORMED', 12, [...header(CHILDS + 12), 0x61, 0x61, ...u32(CHILDS + 12)]],
    [
      'a node with two parents',
      'MALFORMED',
      32,
      writeIndex((node) => {
        node(0, text('not referenced at all'.slice(0, 19)))
        const leaf = node(PREFIX, text('a'))
        return node(CHILDS, [0x61, 0x62, ...u32(leaf, leaf)])
      }),
    ],
    [
      'nodes that overlap',
      'MALFORMED',
      13,
      writeIndex((node) => {
        const leaf = node(PREFIX, text('aaa'))
        return node(CHILDS, [0x61, 0x62, ...u32(leaf, leaf + 1)])
      }),
    ],
    ['a key longer than a path', 'LIMIT_EXCEEDED', 12, [...header(PREFIX + 12), ...text('a'.repeat(4097))]],
  ] as const)('%s', async (_, code, offset, bytes) => {
    const error = await expectCode(() => parse(bytes), FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
  })

  it('keys of very many characters together', async () => {
    // Some 300 KiB, in which 70 × 256 keys share a prefix of 4000 characters.
    const bytes = writeIndex((node) => {
      let leaf = node(
        0,
        Array.from({ length: 70 * 256 }, () => 0),
      )
      const branches = Array.from({ length: 70 }, () =>
        node(CHILDS, [0, 255, ...u32(...Array.from({ length: 256 }, () => leaf++))]),
      )
      return node(PREFIX + CHILDS, [...text('a'.repeat(4000)), 0, 69, ...u32(...branches)])
    })
    const error = await expectCode(() => parse(bytes), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.path).toBe(where.path)
  })

  it('more bytes than any index has', async () => {
    const bytes = new Uint8Array((32 << 20) + 1)
    const error = await expectCode(() => parseModulesIndex(bytes, where), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual(where)
  })
})

describeHostile('modules index', { 'modules.bin': () => Uint8Array.from(sample) }, async (source) =>
  parseModulesIndex(await readAll(source, 1 << 20), source.where),
)
