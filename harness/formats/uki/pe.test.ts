import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { overlappingSections, readPe, sectionsOutside } from './pe.ts'
import { samplePe, type SampleSection } from '../../testing/pe-sample.ts'

const where = { path: 'boot.efi' }
const bytes = (text: string): Uint8Array => Buffer.from(text)
const read = (file: Uint8Array) => readPe(bytesSource(file, where))
const two: readonly SampleSection[] = [
  { name: '.text', data: bytes('code') },
  { name: '.sdmagic', data: bytes('#### LoaderInfo: systemd-stub 257.7-talos ####') },
]
const OPTIONAL = 0x80 + 24

describe('readPe', () => {
  it('reads the headers of a PE32+ image', async () => {
    expect(await read(samplePe(two))).toMatchObject({
      machine: 0xaa64,
      timeDateStamp: 0x690c9627,
      coffSymbolTable: { offset: 0, count: 0 },
      characteristics: 0x22e,
      magic: 0x20b,
      linkerVersion: { major: 0, minor: 0 },
      entryPoint: 0x1020,
      sectionAlignment: 0x1000,
      fileAlignment: 0x200,
      sizeOfImage: 0x3000,
      sizeOfHeaders: 0x400,
      checkSum: 0,
      subsystem: 10,
      certificateTable: { offset: 0, size: 0 },
      fileSize: 0x800,
    })
  })

  it('reads a PE32 image by the same fields', async () => {
    const certificate = bytes('signed!!')
    const pe = await read(samplePe(two, { pe32: true, certificate }))
    expect(pe).toMatchObject({ magic: 0x10b, subsystem: 10, certificateTable: { offset: 0x800, size: 8 } })
  })

  it('reads the section table, and the bytes of a section without their padding', async () => {
    const { sections } = await read(samplePe(two))
    expect(sections.map(({ index, name, offset, rawSize }) => [index, name, offset, rawSize])).toEqual([
      [0, '.text', 0x400, 0x200],
      [1, '.sdmagic', 0x600, 0x200],
    ])
    const data = sections[1]?.data()
    expect(data?.where).toEqual({ path: 'boot.efi!.sdmagic' })
    expect(await data?.read(0, data.size)).toEqual(two[1]?.data)
  })

  it('gives the raw bytes of a section that is larger in memory', async () => {
    const { sections } = await read(samplePe([{ name: '.data', data: bytes('x'), virtualSize: 0x5000 }]))
    expect(sections[0]?.data().size).toBe(0x200)
  })

  it('reads an optional header without data directories', async () => {
    expect((await read(samplePe(two, { directoryCount: 0 }))).certificateTable).toEqual({ offset: 0, size: 0 })
  })

  it('reads a directory count above sixteen as sixteen', async () => {
    const file = samplePe(two)
    file.writeUInt32LE(0xffffffff, OPTIONAL + 108)
    expect((await read(file)).sections).toHaveLength(2)
  })

  it.for([
    ['BAD_MAGIC', 'a file that is no DOS file', 0, () => bytes('\x7fELF'.padEnd(64))],
    ['BAD_MAGIC', 'a DOS file', 0x80, () => samplePe(two).fill(0, 0x80, 0x84)],
    ['TRUNCATED', 'an empty file', 0, () => bytes('')],
    ['TRUNCATED', 'half a DOS header', 0x20, () => samplePe(two).subarray(0, 0x20)],
    ['TRUNCATED', 'a file that ends before its PE header', 0x80, () => samplePe(two).subarray(0, 0x80)],
    ['TRUNCATED', 'half a section table', OPTIONAL + 240 + 40, () => samplePe(two).subarray(0, OPTIONAL + 280)],
    ['TRUNCATED', 'an optional header too short for its fields', OPTIONAL + 60, shortOptionalHeader],
    ['LIMIT_EXCEEDED', 'a PE header far away', 0x3c, () => samplePe(two, { headerOffset: 0x10001 })],
    ['LIMIT_EXCEEDED', 'more sections than a loader takes', 0x86, () => manySections(97)],
    ['UNSUPPORTED', 'a ROM image', OPTIONAL, romImage],
  ] as const)('answers %s for %s', async ([code, , offset, make]) => {
    const error = await expectCode(() => read(make()), FormatError, code)
    expect(error.at).toEqual({ path: 'boot.efi', offset })
  })

  it('reads as many sections as a loader takes', async () => {
    expect((await read(manySections(96))).sections).toHaveLength(96)
  })
})

describe('sectionsOutside', () => {
  it('names sections that the file does not hold, whose data is then TRUNCATED', async () => {
    const pe = await read(samplePe([...two, { name: '.initrd', data: bytes('x'), virtualSize: 9, offset: 0xa00 }]))
    expect(sectionsOutside(pe).map(({ name }) => name)).toEqual(['.initrd'])
    const error = await expectCode(() => pe.sections[2]?.data(), FormatError, 'TRUNCATED')
    expect(error.at).toEqual({ path: 'boot.efi', offset: 0xa00 })
  })

  it('says nothing about sections without raw bytes', async () => {
    const bss = { name: '.bss', data: bytes(''), virtualSize: 0x1000, offset: 0xffffffff }
    expect(sectionsOutside(await read(samplePe([...two, bss])))).toEqual([])
  })
})

describe('overlappingSections', () => {
  it('is empty for neighbours', async () => {
    expect(await pairs(two)).toEqual([])
  })

  it('finds sections that share bytes of the file', async () => {
    expect(await pairs([...two, { name: '.linux', data: bytes('x'), offset: 0x7ff }])).toEqual([['.sdmagic', '.linux']])
  })

  it('finds sections that share addresses', async () => {
    const sections = [...two, { name: '.linux', data: bytes('x'), virtualAddress: 0x1003 }]
    expect(await pairs(sections)).toEqual([['.text', '.linux']])
  })

  it('ignores empty ranges', async () => {
    const empty = { name: '.bss', data: bytes(''), virtualSize: 0, virtualAddress: 0x1001, offset: 0x401 }
    expect(await pairs([...two, empty])).toEqual([])
  })
})

describeHostile('pe', { 'signed.efi': () => samplePe(two, { certificate: bytes('signed!!') }) }, async (source) => {
  const pe = await readPe(source)
  sectionsOutside(pe)
  overlappingSections(pe)
  for (const section of pe.sections) for await (const _ of section.data().stream()) continue
})

async function pairs(sections: readonly SampleSection[]): Promise<readonly (readonly string[])[]> {
  return overlappingSections(await read(samplePe(sections))).map((pair) => pair.map(({ name }) => name))
}

function manySections(count: number): Uint8Array {
  return samplePe(Array.from({ length: count }, (_, index) => ({ name: `.s${index}`, data: bytes('x') })))
}

function shortOptionalHeader(): Uint8Array {
  const file = samplePe(two)
  file.writeUInt16LE(60, 0x80 + 20)
  return file
}

function romImage(): Uint8Array {
  const file = samplePe(two)
  file.writeUInt16LE(0x107, OPTIONAL)
  return file
}
