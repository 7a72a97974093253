import { describe, expect, it } from 'vitest'
import { bytesSource, readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { isElf, isStatic, machineName, readElf } from './elf.ts'
import { HEADER_SIZE, sampleElf } from '../../testing/elf-sample.ts'

const where = { path: 'usr/bin/init' }
const read = (file: Uint8Array) => readElf(bytesSource(file, where))
const sections = [
  { name: '.modinfo', type: 1, data: Buffer.from('name=zfs\0') },
  { name: '.note.gnu.build-id', type: 7, data: Buffer.from('note') },
]
const dynamic = { type: 3, interpreter: '/lib/ld-musl-aarch64.so.1\0', dynamic: [5, 1, 0], sections }

describe('isElf', () => {
  it.for([
    ['\x7fELF', true],
    ['\x7fELF\x02 and more', true],
    ['\x7fEL', false],
    ['#!/bin/sh', false],
    ['', false],
  ] as const)('takes %j for ELF: %s', ([text, expected]) => {
    expect(isElf(Buffer.from(text, 'latin1'))).toBe(expected)
  })
})

describe('readElf', () => {
  it.for([
    [64, 'little'],
    [64, 'big'],
    [32, 'little'],
    [32, 'big'],
  ] as const)('reads a dynamic executable of %i bits, %s endian', async ([bits, endian]) => {
    const elf = await read(sampleElf({ ...dynamic, wide: bits === 64, little: endian === 'little' }))
    expect(elf).toMatchObject({
      class: bits,
      endian,
      type: 'shared',
      machine: 183,
      interpreter: '/lib/ld-musl-aarch64.so.1',
      dynamic: true,
      needsLibraries: true,
    })
    expect(isStatic(elf)).toBe(false)
    expect((await elf.sections()).map(({ name, type, size }) => [name, type, size])).toEqual([
      ['', 0, 0],
      ['.modinfo', 1, 9],
      ['.note.gnu.build-id', 7, 4],
      ['.shstrtab', 3, 39],
    ])
  })

  it('reads a static executable', async () => {
    const elf = await read(sampleElf())
    expect(elf).toMatchObject({ type: 'executable', dynamic: false, needsLibraries: false })
    expect(elf).not.toHaveProperty('interpreter')
    expect(isStatic(elf)).toBe(true)
  })

  it.for([
    ['a static-pie executable', { dynamic: [0, 1] }, true],
    ['a table without end', { dynamic: [5, 6] }, true],
    ['a library', { dynamic: [5, 1, 0] }, false],
    ['an executable with a loader and no libraries', { dynamic: [0], interpreter: '/lib/ld.so' }, false],
  ] as const)('knows whether %s is static', async ([, options, expected]) => {
    const elf = await read(sampleElf({ type: 3, ...options }))
    expect(elf.dynamic).toBe(true)
    expect(isStatic(elf)).toBe(expected)
  })

  it.for([
    [1, 'relocatable'],
    [4, 'core'],
    [0xfe00, 'other'],
  ] as const)('names type %i', async ([type, name]) => {
    expect((await read(sampleElf({ type }))).type).toBe(name)
  })

  it.for([
    ['BAD_MAGIC', 'a script', 0, () => Buffer.from('#!/bin/sh')],
    ['BAD_MAGIC', 'an empty file', 0, () => Buffer.alloc(0)],
    ['TRUNCATED', 'the magic alone', 4, () => sampleElf().subarray(0, 4)],
    ['TRUNCATED', 'half a header', 0x28, () => sampleElf().subarray(0, 0x29)],
    ['TRUNCATED', 'program headers outside the file', 0x1000, () => patch(0x20, 0x1000)],
    ['TRUNCATED', 'an interpreter outside the file', 0x1000, () => patch(HEADER_SIZE + 8, 0x1000)],
    ['MALFORMED', 'an unknown class', 4, () => patch(4, 3, 1)],
    ['MALFORMED', 'an unknown byte order', 5, () => patch(5, 0, 1)],
    ['MALFORMED', 'program headers of another size', HEADER_SIZE, () => patch(0x36, 32, 2)],
    ['LIMIT_EXCEEDED', 'too many program headers', HEADER_SIZE, () => patch(0x38, 1025, 2)],
    ['LIMIT_EXCEEDED', 'an offset that is no number', 0x20, () => patch(0x26, 0xffff, 2)],
    ['LIMIT_EXCEEDED', 'a long interpreter', HEADER_SIZE + 112, () => patch(HEADER_SIZE + 32, 4097)],
    ['LIMIT_EXCEEDED', 'a long dynamic table', HEADER_SIZE + 112 + 26, () => patch(HEADER_SIZE + 56 + 32, 0x100001)],
  ] as const)('answers %s for %s', async ([code, , offset, make]) => {
    const error = await expectCode(() => read(make()), FormatError, code)
    expect(error.at?.path).toBe('usr/bin/init')
    expect(error.at?.offset).toBe(Math.min(offset, make().length))
  })
})

describe('sections', () => {
  it('gives the bytes of each', async () => {
    const modinfo = (await (await read(sampleElf(dynamic))).sections())[1]?.data()
    expect(modinfo?.where).toEqual({ path: 'usr/bin/init!.modinfo' })
    expect(await readAll(modinfo ?? bytesSource(Buffer.alloc(0)), 100)).toEqual(sections[0]?.data)
  })

  it('has none without a table', async () => {
    expect(await (await read(patch(0x28, 0))).sections()).toEqual([])
  })

  it('has no bytes for NOBITS, wherever it claims to be', async () => {
    const file = sampleElf({ sections: [{ name: '.bss', type: 8, data: Buffer.alloc(0) }] })
    file.writeUInt32LE(0x7fffffff, sectionHeader(file, 1) + 32)
    const bss = (await (await read(file)).sections())[1]
    expect(bss?.size).toBe(0x7fffffff)
    expect(bss?.data().size).toBe(0)
  })

  it('answers TRUNCATED for the bytes of a section outside the file', async () => {
    const file = sampleElf(dynamic)
    file.writeUInt32LE(0x7fffffff, sectionHeader(file, 1) + 32)
    const all = await (await read(file)).sections()
    const error = await expectCode(() => all[1]?.data(), FormatError, 'TRUNCATED')
    expect(error.at).toEqual({ path: 'usr/bin/init', offset: all[1]?.offset })
  })

  it.for([
    ['MALFORMED', 'headers of another size', () => patch(0x3a, 40, 2)],
    ['MALFORMED', 'a name table that is not there', () => patch(0x3e, 4, 2)],
    ['UNSUPPORTED', 'extended numbering', () => patch(0x3c, 0, 2)],
    ['UNSUPPORTED', 'an extended name index', () => patch(0x3e, 0xffff, 2)],
    ['LIMIT_EXCEEDED', 'too many sections', () => patch(0x3c, 0xff01, 2)],
    ['LIMIT_EXCEEDED', 'names without measure', () => patchSection(3, 32, 0x800001)],
    ['LIMIT_EXCEEDED', 'a name without measure', longName],
    ['TRUNCATED', 'a table outside the file', () => patch(0x28, 0x10000)],
    ['TRUNCATED', 'names outside the file', () => patchSection(3, 24, 0x10000)],
    ['TRUNCATED', 'a name outside the names', () => patchSection(1, 0, 0x10000)],
  ] as const)('answers %s for %s', async ([code, , make]) => {
    const elf = await read(make())
    const error = await expectCode(() => elf.sections(), FormatError, code)
    expect(error.at).toMatchObject({ path: 'usr/bin/init', offset: expect.any(Number) })
  })
})

describe('machineName', () => {
  it.for([
    [183, 'aarch64'],
    [62, 'x86-64'],
    [247, 'bpf'],
    [9999, 'machine 9999'],
  ] as const)('names %i', ([machine, name]) => {
    expect(machineName(machine)).toBe(name)
  })
})

describeHostile(
  'elf',
  { 'dynamic.so': () => sampleElf(dynamic), 'big.so': () => sampleElf({ ...dynamic, wide: false, little: false }) },
  async (source) => {
    const elf = await readElf(source)
    for (const { data } of await elf.sections()) for await (const _ of data().stream()) continue
  },
)

function patch(offset: number, value: number, width: 1 | 2 | 4 = 4): Buffer {
  const file = sampleElf(dynamic)
  file.writeUIntLE(value, offset, width)
  return file
}

function sectionHeader(file: Buffer, index: number): number {
  return file.readUInt32LE(0x28) + index * 64
}

function patchSection(index: number, field: number, value: number): Buffer {
  const file = sampleElf(dynamic)
  file.writeUInt32LE(value, sectionHeader(file, index) + field)
  return file
}

function longName(): Buffer {
  return sampleElf({ sections: [{ name: 'x'.repeat(1025), type: 1, data: Buffer.alloc(0) }] })
}
