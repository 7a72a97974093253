import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { readJson } from './document.ts'

const where = { path: 'x.json' }
const schema = z.looseObject({
  layers: z.array(z.looseObject({ size: z.int(), mediaType: z.string().optional() })).optional(),
  key: z.string().optional(),
  labels: z.record(z.string(), z.string()).nullish(),
  count: z.int().optional(),
})
const read = (text: string, spelling?: 'go' | 'protobuf') =>
  readJson(Buffer.from(text), 'x', where, { maxBytes: 1 << 20, schema, spelling })
const pointers = (text: string, spelling?: 'go' | 'protobuf') =>
  read(text, spelling).problems.map(({ pointer }) => pointer)

describe('readJson', () => {
  it('gives the value of what every client reads alike', () => {
    const text = '{"layers":[{"size":7}],"other":{"a":1,"A":2},"labels":{"a":"1","A":"2"},"count":-0}'
    expect(read(text)).toEqual({ value: JSON.parse(text), problems: [], compact: true, unknown: ['/other'] })
  })

  it.for([
    ['a key twice', '{"key":"a","key":"b"}', '/key'],
    ['a key twice, one in escapes', String.raw`{"key":"a","\u006bey":"b"}`, '/key'],
    ['a key twice in what no field is', '{"x":[{"a":1},{"a":1,"a":2}]}', '/x/1/a'],
    ['a label twice', '{"labels":{"a":"1","a":"2"}}', '/labels/a'],
    ['a field in capitals', '{"Layers":[]}', '/Layers'],
    ['a field with a long s', '{"layerſ":[]}', '/layerſ'],
    ['a field with the Kelvin sign', '{"\u212Aey":"a"}', '/\u212Aey'],
    ['a field beside itself in capitals', '{"layers":[],"LAYERS":[]}', '/LAYERS'],
    ['a field of an item', '{"layers":[{"size":1},{"size":1,"SIZE":2}]}', '/layers/1/SIZE'],
    ['two spellings of what no field is', '{"one":1,"One":2}', '/One'],
    ['a fraction', '{"count":1.0}', '/count'],
    ['an exponent', '{"layers":[{"size":1e2}]}', '/layers/0/size'],
    ['half a surrogate pair', String.raw`{"key":"\ud800"}`, '/key'],
    ['half a surrogate pair in a key', String.raw`{"x":{"\udc00":1}}`, '/x/\udc00'],
  ] as const)('names %s', ([, text, pointer]) => {
    expect(pointers(text)).toEqual([pointer])
  })

  it.for([
    ['the name in the .proto file', '{"la_yers":[]}', '/la_yers'],
    ['capitals', '{"LAYERS":[]}', '/LAYERS'],
  ] as const)('names a field of a message by %s', ([, text, pointer]) => {
    expect(pointers(text, 'protobuf')).toEqual([pointer])
    expect(pointers('{"lay_ers_":[]}', 'go')).toEqual([])
  })

  it.for([
    ['a space', '{"key": "a"}', false],
    ['a line feed at the end', '{"key":"a"}\n', false],
    ['a needless escape', String.raw`{"key":"\u0061"}`, false],
    ['an escaped slash', String.raw`{"key":"\/"}`, false],
    ['what json.Marshal escapes for HTML', String.raw`{"key":"\u003ca\u003e \u0026 \"\\\n"}`, true],
    ['the same without', String.raw`{"key":"<a> & é"}`, true],
    ['a backslash before what looks like one', String.raw`{"key":"\\u003c"}`, true],
  ] as const)('knows what is compact: %s', ([, text, compact]) => {
    expect(read(text).compact).toBe(compact)
    expect(read(text).problems).toEqual([])
  })

  it.for([
    ['a byte order mark', '\uFEFF{}', 'MALFORMED'],
    ['no JSON', '{', 'MALFORMED'],
    ['two values', '{}{}', 'MALFORMED'],
    ['101 levels', `${'['.repeat(101)}${']'.repeat(101)}`, 'LIMIT_EXCEEDED'],
    ['more bytes than it may', ' '.repeat((1 << 20) + 1), 'LIMIT_EXCEEDED'],
  ] as const)('refuses %s', async ([, text, code]) => {
    const error = await expectCode(() => read(text), FormatError, code)
    expect(error.at?.path).toBe('x.json')
  })

  it('takes 100 levels, and a string of a mebibyte in time', () => {
    expect(read(`${'['.repeat(100)}${']'.repeat(100)}`).problems).toEqual([])
    expect(read(JSON.stringify({ key: '\\"'.repeat(200_000) })).problems).toEqual([])
  })

  it('lists twenty problems and no more', () => {
    expect(read(`{${Array.from({ length: 30 }, () => '"a":1').join(',')}}`).problems).toHaveLength(20)
  })
})
