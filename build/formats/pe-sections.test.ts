import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { composePe, type NewSection } from './pe-sections.ts'

const PE = 0x40
const OPTIONAL = PE + 24
const TABLE = OPTIONAL + 240
const CODE = 0x60000020

/** A stub with 0x300 bytes of code at 0x1000, stored with a linker version, a checksum and line numbers. */
function sampleStub(): Buffer {
  const out = Buffer.alloc(0x400 + 0x400)
  out.write('MZ', 0, 'latin1')
  out.writeUInt32LE(PE, 0x3c)
  out.write('PE\0\0', PE, 'latin1')
  out.writeUInt16LE(0xaa64, PE + 4)
  out.writeUInt16LE(1, PE + 6)
  out.writeUInt32LE(1234, PE + 8)
  out.writeUInt16LE(240, PE + 20)
  out.writeUInt16LE(0x20b, OPTIONAL)
  out.writeUInt16LE(0x2702, OPTIONAL + 2)
  out.writeUInt32LE(0x1000, OPTIONAL + 32)
  out.writeUInt32LE(0x200, OPTIONAL + 36)
  out.writeUInt32LE(0xffff, OPTIONAL + 64)
  out.write('.text', TABLE, 'latin1')
  for (const [at, value] of [0x300, 0x1000, 0x400, 0x400, 0, 0xffff, 0, CODE].entries())
    out.writeUInt32LE(value, TABLE + 8 + at * 4)
  out.fill(0xc0, 0x400, 0x700)
  return out
}

const sections = [
  { name: '.osrel', data: Buffer.from('ID=talos') },
  { name: '.linux', data: Buffer.alloc(0x1001, 0x11) },
  { name: '.profile', data: Buffer.alloc(0x200, 0x22) },
]

describe('composePe', () => {
  const out = Buffer.from(composePe(sampleStub(), sections))
  const table = Array.from({ length: 4 }, (_, index) => {
    const record = 0x188 + index * 40
    const field = (at: number): number => out.readUInt32LE(record + at)
    return [out.toString('latin1', record, record + 8), field(8), field(12), field(16), field(20), field(28), field(36)]
  })

  it('puts the sections one after the other, in memory and in the file', () => {
    expect(table).toEqual([
      ['.text\0\0\0', 0x300, 0x1000, 0x400, 0x400, 0, CODE],
      ['.osrel\0\0', 8, 0x2000, 0x200, 0x800, 0, 0x40000040],
      ['.linux\0\0', 0x1001, 0x3000, 0x1200, 0xa00, 0, 0x40000040],
      ['.profile', 0x200, 0x5000, 0x200, 0x1c00, 0, 0x40000040],
    ])
    expect(out).toHaveLength(0x1e00)
    expect(out.subarray(0x400, 0x700).every((byte) => byte === 0xc0)).toBe(true)
    expect(out.toString('latin1', 0x800, 0x80a)).toBe('ID=talos\0\0')
    expect(out.subarray(0xa00, 0x1a01).every((byte) => byte === 0x11)).toBe(true)
  })

  it('moves the PE header behind 0x40 empty bytes and counts anew', () => {
    expect(out.readUInt32LE(0x3c)).toBe(0x80)
    expect(out.subarray(0x40, 0x80).every((byte) => byte === 0)).toBe(true)
    expect([out.toString('latin1', 0x80, 0x84), out.readUInt16LE(0x84), out.readUInt16LE(0x86)]).toEqual([
      'PE\0\0',
      0xaa64,
      4,
    ])
    const optional = (at: number): number => out.readUInt32LE(0x98 + at)
    expect(out.readUInt16LE(0x98 + 2)).toBe(0) // linker version
    expect([4, 8, 56, 60, 64].map(optional)).toEqual([0x400, 0x1600, 0x6000, 0x400, 0])
  })

  it('takes the time of the stub unless one is given', () => {
    expect(out.readUInt32LE(0x88)).toBe(1234)
    expect(Buffer.from(composePe(sampleStub(), sections, { timeDateStamp: 5 })).readUInt32LE(0x88)).toBe(5)
  })

  it('leaves the stub as it was', () => {
    const stub = sampleStub()
    composePe(stub, sections, { timeDateStamp: 5 })
    expect(stub.equals(sampleStub())).toBe(true)
  })

  it('is undone and done again by the count of sections', () => {
    const stub = Buffer.from(out)
    stub.writeUInt16LE(1, 0x86)
    expect(out.equals(composePe(stub, sections))).toBe(true)
  })

  it.for<readonly [string, string, (stub: Buffer) => Buffer]>([
    ['TRUNCATED', 'without a DOS header', (stub) => stub.subarray(0, 0x3f)],
    ['TRUNCATED', 'with a PE header behind its end', (stub) => patch(stub, 0x3c, 0xfffffff0)],
    ['TRUNCATED', 'cut in its section', (stub) => stub.subarray(0, 0x7ff)],
    ['TRUNCATED', 'with more sections than bytes', (stub) => patch(stub, PE + 6, 0xffff)],
    ['BAD_MAGIC', 'without MZ', (stub) => patch(stub, 0, 0)],
    ['BAD_MAGIC', 'without PE', (stub) => patch(stub, PE, 0)],
    ['UNSUPPORTED', 'in PE32', (stub) => patch(stub, OPTIONAL, 0x10b)],
    ['UNSUPPORTED', 'with fewer directories', (stub) => patch(stub, PE + 20, 160)],
    ['UNSUPPORTED', 'with symbols', (stub) => patch(stub, PE + 12, 0x700)],
    ['MALFORMED', 'without sections', (stub) => patch(stub, PE + 6, 0)],
    ['MALFORMED', 'without an alignment', (stub) => patch(stub, OPTIONAL + 36, 0)],
    ['LIMIT_EXCEEDED', 'that ends above 4 GiB', (stub) => patch(stub, TABLE + 12, 0xffffffff)],
    ['LIMIT_EXCEEDED', 'with an alignment above 64 KiB', (stub) => patch(stub, OPTIONAL + 36, 0x20000)],
  ])('refuses with %s a stub %s', ([code, , corrupt]) => {
    expect(refusal(corrupt(sampleStub()))).toEqual([FormatError, code])
  })

  it('refuses a long name and too many sections', () => {
    expect(refusal(sampleStub(), [{ name: '.profile2', data: Buffer.alloc(0) }])).toEqual([FormatError, 'MALFORMED'])
    const many = Array.from({ length: 96 }, () => ({ name: '.dtbauto', data: Buffer.alloc(1) }))
    expect(refusal(sampleStub(), many)).toEqual([FormatError, 'LIMIT_EXCEEDED'])
    expect(composePe(sampleStub(), many.slice(1))).toBeDefined()
  })
})

function patch(stub: Buffer, offset: number, value: number): Buffer {
  stub.writeUInt32LE(value, offset)
  return stub
}

/** Class and code of what composePe throws. */
function refusal(stub: Uint8Array, added: readonly NewSection[] = sections): unknown {
  try {
    return composePe(stub, added)
  } catch (error) {
    return error instanceof FormatError ? [FormatError, error.code] : error
  }
}
