import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { samplePe } from '../../testing/pe-sample.ts'
import { layOutHeaders, nameHeaders, type HeaderInputs } from './headers.ts'
import { unpaddedSections } from './padding.ts'
import { readPe } from './pe.ts'
import { readStub } from './stub.ts'

const STUB = samplePe([{ name: '.text', data: Buffer.alloc(0x1001, 0x11) }])
const inputs = async (more: Partial<HeaderInputs> = {}): Promise<HeaderInputs> => ({
  stub: await readStub(bytesSource(STUB)),
  added: [
    { name: '.osrel', size: 0x201 },
    { name: '.empty', size: 0 },
    { name: '.linux', size: 0x1000 },
  ],
  timeDateStamp: 5,
  isSigned: false,
  fileSize: 0,
  ...more,
})
const number = (named: ReadonlyMap<string, string>, name: string): number =>
  Buffer.from(named.get(name) ?? '', 'hex').readUInt32LE()

describe('layOutHeaders', async () => {
  const { bytes, end } = layOutHeaders(await inputs())
  const named = nameHeaders(bytes, 4)

  it('puts sections one after the other, in memory and in the file', () => {
    const records = [0, 1, 2, 3].map((index) => Buffer.from(named.get(`section ${index}`) ?? '', 'hex'))
    expect(records.map((record) => [8, 12, 16, 20].map((at) => record.readUInt32LE(at)))).toEqual([
      [0x1001, 0x1000, 0x1200, 0x400],
      [0x201, 0x3000, 0x400, 0x1600],
      [0, 0x4000, 0, 0x1a00],
      [0x1000, 0x4000, 0x1000, 0x1a00],
    ])
    expect(end).toBe(0x2a00)
  })

  it('counts anew', () => {
    const names = ['SizeOfCode', 'SizeOfInitializedData', 'SizeOfImage', 'SizeOfHeaders', 'CheckSum', 'TimeDateStamp']
    expect(names.map((name) => number(named, name))).toEqual([0, 0x2600, 0x5000, 0x400, 0, 5])
    expect(named.get('NumberOfSections')).toBe('0400')
  })

  it('names every byte', () => {
    expect([...named.values()].join('')).toBe(Buffer.from(bytes).toString('hex'))
  })

  it('has a certificate table from the last section to the end', async () => {
    const signed = nameHeaders(layOutHeaders(await inputs({ isSigned: true, fileSize: 0x2a00 + 1536 })).bytes, 4)
    expect(signed.get('data directory 4')).toBe('002a000000060000')
    const cut = nameHeaders(layOutHeaders(await inputs({ isSigned: true, fileSize: 10 })).bytes, 4)
    expect(cut.get('data directory 4')).toBe('002a000000000000')
  })

  it('gives something for sizes that no section has', async () => {
    const added = Array.from({ length: 90 }, () => ({ name: '.linux', size: 0xffffffff }))
    expect(layOutHeaders(await inputs({ added })).bytes).toHaveLength(0x1000)
  })

  it.for([
    ['no section alignment', 32, 0],
    ['no file alignment', 36, 0],
    ['a file alignment that makes files of zeros', 36, 0x20000],
  ] as const)('refuses a stub with %s', async ([, offset, value]) => {
    const stub = Buffer.from(STUB)
    stub.writeUInt32LE(value, stub.readUInt32LE(0x3c) + 24 + offset)
    const broken = await inputs({ stub: await readStub(bytesSource(stub)) })
    const error = await expectCode(() => layOutHeaders(broken), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain('alignments')
  })
})

describe('unpaddedSections', () => {
  it('finds the sections with bytes behind their size in memory', async () => {
    const bytes = samplePe([
      { name: '.a', data: Buffer.alloc(8, 1) },
      { name: '.b', data: Buffer.alloc(8, 1), virtualSize: 7 },
      { name: '.c', data: Buffer.alloc(8, 1), virtualSize: 0x400 },
    ])
    const source = bytesSource(bytes)
    expect((await unpaddedSections(source, (await readPe(source)).sections)).map(({ name }) => name)).toEqual(['.b'])
  })
})
