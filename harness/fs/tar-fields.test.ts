import { describe, expect, it } from 'vitest'
import { hasValidChecksum, padded, parseNumber, parsePax } from './tar-fields.ts'

const parse = (text: string | Buffer) => parsePax(Buffer.from(text))
const field = (text: string): Buffer => Buffer.from(text.padEnd(12, '\0'), 'latin1')

describe('tar fields', () => {
  it.for([
    ['00000000644\0', 0o644],
    ['   644 \0', 0o644],
    ['', 0],
    ['77777777777', 8_589_934_591],
    ['\x80' + '\0'.repeat(10) + '\x05', 5],
    ['\xff'.repeat(12), -1],
    ['\xff'.repeat(7) + '\xf1\x88\x6e\x09\x00', -62_135_596_800],
  ] as const)('read %j as %d', ([text, value]) => {
    expect(parseNumber(field(text), 0, 12)).toBe(value)
  })

  it.for([['9'], ['-7'], ['0x7'], ['7 7'], ['\u00007'], ['\x81' + '\0'.repeat(11)], ['\x80' + '\x7f'.repeat(11)]])(
    'do not take %j for a number',
    ([text = '']) => {
      expect(parseNumber(field(text), 0, 12)).toBeUndefined()
    },
  )

  it('pad to blocks', () => {
    expect([0, 1, 512, 513].map(padded)).toEqual([0, 512, 512, 1024])
  })

  it('count a checksum over the header with its own field blank', () => {
    const block = Buffer.alloc(512)
    block.write('000400\0 ', 148)
    expect(hasValidChecksum(block)).toBe(true)
    block[0] = 1
    expect(hasValidChecksum(block)).toBe(false)
  })
})

describe('parsePax', () => {
  it('gives values as bytes, of one key the last', () => {
    const value = Buffer.from([0xff, 0x0a, 0x3d])
    const record = Buffer.concat([Buffer.from('8 a='), value, Buffer.from('\n')])
    expect(parse(record)).toEqual(new Map([['a', value]]))
    expect(parse('6 a=1\n6 a=2\n5 b=\n')).toEqual(
      new Map([
        ['a', Buffer.from('2')],
        ['b', Buffer.from('')],
      ]),
    )
    expect(parse('')).toEqual(new Map())
  })

  it.for([
    '6 a=1',
    '7 a=1\n',
    '5 a=1\n',
    '0 a=1\n',
    '06 a=1\n',
    'x a=1\n',
    'a=1\n',
    '5 =1\n',
    '6 abc\n',
    '999999999 a=1\n',
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined()
  })
})
