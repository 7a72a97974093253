import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { context, der, integer, octets, oid, sequence, set, utf8 } from '../../testing/der-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { contextTag, DerReader, TAG, toColonHex } from './der.ts'

const where = { path: 'module.ko' }
const read = (bytes: Uint8Array, base = 0) => new DerReader(bytes, where, base)
const bytes = (...values: readonly number[]) => Buffer.from(values)
const next = (input: Uint8Array) => () => read(input, 8).next('value', TAG.SEQUENCE)
const id = (input: Uint8Array) => () => read(input, 8).oid('id')

describe('DerReader', () => {
  it('reads values in order with absolute offsets', () => {
    const reader = read(Buffer.concat([integer('05'), utf8('ab'), octets(Buffer.alloc(200))]), 100)
    expect(reader.next('number', TAG.INTEGER)).toMatchObject({ tag: 2, offset: 100, contentOffset: 102 })
    expect(reader.optional('number', TAG.INTEGER)).toBeUndefined()
    expect(Buffer.from(reader.next('text').content).toString()).toBe('ab')
    const { raw, content, offset, contentOffset } = reader.next('bytes', TAG.OCTET_STRING)
    expect([raw.length, content.length, offset, contentOffset]).toEqual([203, 200, 107, 110])
    expect(reader.atEnd).toBe(true)
    reader.end('all')
  })

  it('enters what holds values', () => {
    const reader = read(sequence(context(0, set(integer('01'), integer('02')))), 10)
    const inner = reader.enter('outer', TAG.SEQUENCE).enter('[0]', contextTag(0)).enter('set', TAG.SET)
    expect([inner.next('a').offset, inner.next('b').content]).toEqual([16, Buffer.from([2])])
  })

  it.each([70_000, 300, 256, 255, 128, 127, 0])('reads a length of %d', (length) => {
    expect(read(octets(Buffer.alloc(length))).next('bytes').content.length).toBe(length)
  })

  it.each(['1.2.840.113549.1.7.2', '2.5.4.3', '2.16.840.1.101.3.4.2.3', '0.9.2342', '2.40.1', '1.39.268435455'])(
    'reads the object identifier %s',
    (dotted) => {
      expect(read(oid(dotted)).oid('id')).toBe(dotted)
    },
  )
})

describe('DerReader refuses', () => {
  it.each([
    ['nothing', 'TRUNCATED', 8, next(bytes())],
    ['another tag', 'MALFORMED', 8, next(bytes(0x31, 0))],
    ['a missing length', 'TRUNCATED', 9, next(bytes(0x30))],
    ['an indefinite length', 'UNSUPPORTED', 9, next(bytes(0x30, 0x80, 0, 0))],
    ['a length past the end', 'TRUNCATED', 10, next(bytes(0x30, 2, 0))],
    ['a huge length', 'TRUNCATED', 9, next(bytes(0x30, 0x88, 1, 0, 0, 0, 0, 0, 0, 0))],
    ['a length in two bytes that fits in one', 'MALFORMED', 9, next(bytes(0x30, 0x82, 0, 0x80))],
    ['a length in one byte that needs none', 'MALFORMED', 9, next(bytes(0x30, 0x81, 1, 0))],
    ['a tag in several bytes', 'UNSUPPORTED', 8, () => read(bytes(0x1f, 0x81, 1), 8).next('value')],
    ['values left over', 'MALFORMED', 8, () => read(integer('01'), 8).end('all')],
    ['an empty object identifier', 'MALFORMED', 8, id(bytes(0x06, 0))],
    ['an object identifier cut short', 'MALFORMED', 8, id(bytes(0x06, 2, 1, 0x81))],
    ['an object identifier of many bytes', 'MALFORMED', 8, id(der(0x06, Buffer.alloc(65, 1)))],
    ['a huge arc', 'LIMIT_EXCEEDED', 8, id(bytes(0x06, 6, 0x2a, 0x81, 0xff, 0xff, 0xff, 0x7f))],
  ] as const)('%s', async (_, code, offset, action) => {
    const error = await expectCode(action, FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
  })

  it('deep nesting', async () => {
    let nested = integer('01')
    for (let n = 0; n < 20; n++) nested = sequence(nested)
    const descend = () => {
      for (let reader = read(nested); ;) reader = reader.enter('level', TAG.SEQUENCE)
    }
    const error = await expectCode(descend, FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ ...where, offset: 32 })
  })
})

it('prints bytes as modinfo does', () => {
  expect(toColonHex(Buffer.from([0x33, 0xe6, 0x04]))).toBe('33:E6:04')
  expect(toColonHex(Buffer.alloc(0))).toBe('')
})

function walk(reader: DerReader): void {
  while (!reader.atEnd) {
    if (reader.isNext(TAG.OID)) reader.oid('id')
    else {
      const value = reader.next('value')
      if ((value.tag & 0x20) !== 0) walk(reader.inside(value))
    }
  }
}

const sample = sequence(oid('1.2.840.113549.1.7.2'), context(0, set(integer('01'), octets(Buffer.alloc(200)))))
describeHostile('der', { 'a.der': () => sample }, async (source) =>
  walk(new DerReader(await readAll(source, 1 << 20), source.where)),
)
