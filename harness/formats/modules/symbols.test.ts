import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { sampleElf } from '../../testing/elf-sample.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { readModuleSymbols } from './symbols.ts'

type ElfSymbol = { readonly name: string; readonly defined?: boolean }
type Sample = {
  readonly symbols?: readonly ElfSymbol[]
  readonly strings?: string
  readonly versions?: readonly string[]
  readonly wide?: boolean
  readonly little?: boolean
}

/** A relocatable file with the sections that are given. */
function sample({ symbols, strings, versions, wide = true, little = true }: Sample): Buffer {
  const sections: { name: string; type: number; data: Uint8Array }[] = []
  const u32 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
  const u16 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
  if (symbols !== undefined) {
    const size = wide ? 24 : 16
    const names = ['', ...symbols.map(({ name }) => name)]
    const table = Buffer.alloc(size * names.length)
    for (const [index, { defined = false }] of symbols.entries()) {
      u32(table, names.slice(0, index + 1).join('\0').length + 1, size * (index + 1))
      u16(table, defined ? 1 : 0, size * (index + 1) + (wide ? 6 : 14))
    }
    sections.push({ name: '.symtab', type: 2, data: table })
    sections.push({ name: '.strtab', type: 3, data: Buffer.from(`${names.join('\0')}\0`) })
  }
  if (strings !== undefined) sections.push({ name: '__ksymtab_strings', type: 1, data: Buffer.from(strings) })
  if (versions !== undefined) {
    const table = Buffer.alloc(64 * versions.length)
    for (const [index, name] of versions.entries()) table.write(name, index * 64 + (wide ? 8 : 4))
    sections.push({ name: '__versions', type: 1, data: table })
  }
  return sampleElf({ type: 1, wide, little, sections })
}

const where = { path: 'zfs.ko' }
const read = (bytes: Uint8Array) => readModuleSymbols(bytesSource(bytes, where))
const whole: Sample = {
  symbols: [
    { name: 'init_module', defined: true },
    { name: 'spl_alloc' },
    { name: '__crc_zfs_open', defined: true },
    { name: '' },
    { name: 'printk' },
    { name: 'spl_alloc' },
  ],
  strings: 'zfs_open\0zfs_close\0',
  versions: ['module_layout', 'printk'],
}

describe('readModuleSymbols', () => {
  it.for([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ] as const)('reads symbols, wide %s, little endian %s', async ([wide, little]) => {
    expect(await read(sample({ ...whole, wide, little }))).toEqual({
      exports: ['zfs_open'],
      imports: ['spl_alloc', 'printk', 'module_layout'],
    })
  })

  it('takes the exported strings where no symbol has a checksum', async () => {
    expect(await read(sample({ strings: '\0\0a\0\0b' }))).toEqual({ exports: ['a', 'b'], imports: [] })
  })

  it('reads a module without any of it', async () => {
    expect(await read(sample({}))).toEqual({ exports: [], imports: [] })
  })
})

describe('readModuleSymbols refuses', () => {
  const withTable = (name: string, data: Uint8Array, more: readonly { name: string; data: Uint8Array }[] = []) =>
    sampleElf({ type: 1, sections: [{ name, data }, ...more].map((section) => ({ type: 1, ...section })) })
  const oneSymbol = Buffer.alloc(48)
  oneSymbol.writeUInt32LE(1, 24)

  it.for<readonly [string, 'MALFORMED' | 'TRUNCATED' | 'LIMIT_EXCEEDED', Buffer]>([
    [
      'a symbol table of odd size',
      'MALFORMED',
      withTable('.symtab', Buffer.alloc(25), [{ name: '.strtab', data: Buffer.alloc(1) }]),
    ],
    ['versions of odd size', 'MALFORMED', withTable('__versions', Buffer.alloc(65))],
    ['a version without an end', 'TRUNCATED', withTable('__versions', Buffer.alloc(64, 0x61))],
    [
      'a name behind its table',
      'TRUNCATED',
      withTable('.symtab', oneSymbol, [{ name: '.strtab', data: Buffer.alloc(1) }]),
    ],
    [
      'a name without end',
      'LIMIT_EXCEEDED',
      withTable('.symtab', oneSymbol, [{ name: '.strtab', data: Buffer.alloc(2000, 0x61) }]),
    ],
  ])('%s', async ([, code, bytes]) => {
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at).toMatchObject({ path: 'zfs.ko', offset: expect.any(Number) })
  })
})

describeHostile('module symbols', { 'zfs.ko': () => sample(whole) }, readModuleSymbols)
