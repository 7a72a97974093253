import { describe, expect, it } from 'vitest'
import { FormatError, type FormatCode } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { MAX_STREAM_BYTES, readJsonStream } from './stream.ts'

const read = (text: string): readonly unknown[] =>
  readJsonStream(Buffer.from(text), 'services.json').map(({ value }) => value)

describe('readJsonStream', () => {
  it.each<[string, string, readonly unknown[]]>([
    ['nothing', '', []],
    ['blank space', ' \n\t', []],
    ['one document', '{"a": 1}\n', [{ a: 1 }]],
    ['documents without a space between them', '{}{"a": [1, {"b": 2}]}', [{}, { a: [1, { b: 2 }] }]],
    ['braces and quotes in texts', String.raw`{"a": "}\"{\\"} {"b": "\u003e"}`, [{ a: '}"{\\' }, { b: '>' }]],
  ])('reads %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('gives each document the line that it begins at', () => {
    const lines = readJsonStream(Buffer.from('{\n  "a": 1\n}\n{}\n\n{}'), 'x.json').map(({ at }) => at.line)
    expect(lines).toEqual([1, 4, 6])
  })

  it.each<[string, string, FormatCode]>([
    ['a list in place of a stream', '[{}]', 'MALFORMED'],
    ['an error message', 'error: rpc error', 'MALFORMED'],
    ['a text between documents', '{} x {}', 'MALFORMED'],
    ['brackets that do not match', '{"a": [}}', 'MALFORMED'],
    ['a byte that is no UTF-8', '{"a": "\u00ff"}', 'MALFORMED'],
    ['a key that is there twice', '{"spec": {"stage": "booting", "stage": "running"}}', 'MALFORMED'],
    ['a document that does not end', '{"a": {', 'TRUNCATED'],
    ['a text that does not end', '{"a": "}', 'TRUNCATED'],
    ['more levels than are read', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'LIMIT_EXCEEDED'],
  ])('refuses %s', async (_, text, code) => {
    const { at } = await expectCode(
      async () => readJsonStream(Buffer.from(text, 'latin1'), 'x.json'),
      FormatError,
      code,
    )
    expect(at?.path).toBe('x.json')
  })

  it('refuses more bytes than it reads', async () => {
    const { at } = await expectCode(
      async () => readJsonStream(new Uint8Array(MAX_STREAM_BYTES + 1), 'x.json'),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(at).toEqual({ path: 'x.json' })
  })
})
