import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { Cursor } from './cursor.ts'

const BYTES = Uint8Array.from([0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88])
const where = { path: 'sample' }

const cursorOver = (bytes: Uint8Array = BYTES, base = 0): Cursor => new Cursor(bytes, 'sample', where, base)

describe('Cursor', () => {
  it.each([
    ['u8', 0x81, 1],
    ['u16le', 0x0281, 2],
    ['u16be', 0x8102, 2],
    ['u32le', 0x04030281, 4],
    ['u32be', 0x81020304, 4],
    ['i32le', 0x04030281, 4],
    ['u64le', 0x8807060504030281n, 8],
    ['u64be', 0x8102030405060788n, 8],
  ] as const)('reads %s and moves on', (read, value, width) => {
    const cursor = cursorOver()
    expect(cursor[read]()).toBe(value)
    expect([cursor.position, cursor.remaining]).toEqual([width, BYTES.length - width])
  })

  it('reads a negative number', () => {
    expect(cursorOver(Uint8Array.from([0xfe, 0xff, 0xff, 0xff])).i32le()).toBe(-2)
  })

  it('gives views of its bytes, wherever they are in their buffer', () => {
    const cursor = new Cursor(BYTES.subarray(2), 'sample')
    expect([...cursor.skip(1).bytes(2), cursor.u16le()]).toEqual([0x04, 0x05, 0x0706])
  })

  it('reads nothing at the very end', () => {
    expect(cursorOver().seek(8).bytes(0)).toHaveLength(0)
  })

  it.each([
    ['u8', 8],
    ['u16le', 7],
    ['u16be', 7],
    ['u32le', 5],
    ['u32be', 5],
    ['i32le', 5],
    ['u64le', 1],
    ['u64be', 1],
  ] as const)('answers TRUNCATED where %s does not fit, and stays', async (read, position) => {
    const cursor = cursorOver(BYTES, 0x100).seek(position)
    const error = await expectCode(() => cursor[read]('field'), FormatError, 'TRUNCATED')
    expect(error.at).toEqual({ path: 'sample', offset: 0x100 + position })
    expect(error.message).toMatch(/^sample: expected \d bytes of field, got \d$/)
    expect(cursor.position).toBe(position)
  })

  it.each([9, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'answers TRUNCATED for a seek to %d',
    async (position) => {
      const error = await expectCode(() => cursorOver().seek(position), FormatError, 'TRUNCATED')
      expect(error.at).toEqual({ path: 'sample', offset: BYTES.length })
    },
  )

  it.each([9, -1, Number.NaN])('answers TRUNCATED for %d bytes', async (length) => {
    const error = await expectCode(() => cursorOver().bytes(length), FormatError, 'TRUNCATED')
    expect(error.message).toBe(`sample: expected ${length} bytes of bytes, got 8`)
  })

  it('counts up to what its caller allows', async () => {
    const three = Uint8Array.from([3, 0, 0, 0, 0, 0, 0, 0])
    expect(cursorOver(three).count64le('entries', 3)).toBe(3)
    const error = await expectCode(() => cursorOver(three, 16).count64le('entries', 2), FormatError, 'LIMIT_EXCEEDED')
    expect([error.message, error.at?.offset]).toEqual(['sample: expected entries of at most 2, got 3', 16])
  })

  it('counts nothing that a number cannot hold', async () => {
    const error = await expectCode(() => cursorOver().count64le('bytes'), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain('got 9801809732607083137')
  })

  it('places an error at the offset that it is given', () => {
    expect(cursorOver(BYTES, 32).seek(3).error('MALFORMED', 'no')).toMatchObject({ at: { offset: 35 } })
    expect(cursorOver(BYTES, 32).error('MALFORMED', 'no', 5)).toMatchObject({ at: { offset: 37 }, format: 'sample' })
  })
})
