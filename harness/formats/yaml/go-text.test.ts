import { describe, expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { parseGoYaml } from './go-text.ts'

const where = { path: 'x.yaml' }
const parse = (text: string) => parseGoYaml(Buffer.from(text), where)

describe('parseGoYaml', () => {
  it.for([
    ['scalars as text', 'a: 1.10\nb: [yes, ~, "x"]\n', { a: '1.10', b: ['yes', null, 'x'] }],
    ['a byte order mark at the start', '\ufeffa: b\n', { a: 'b' }],
    ['line feeds behind carriage returns', 'a: b\r\nc: d\r\n', { a: 'b', c: 'd' }],
    ['a tab between words', 'a: b\tc\n', { a: 'b\tc' }],
    ['a tab in a block', 'a: |\n  b\tc\n', { a: 'b\tc\n' }],
    ['one document between markers', '---\na: b\n...\n', { a: 'b' }],
    ['an anchor and its alias', 'a: &one b\nc: *one\n', { a: 'b', c: 'b' }],
    ['a percent sign in a line', 'a: 5%\n', { a: '5%' }],
    ['a line separator in an escape', 'a: "b\\Lc"\n', { a: 'b\u2028c' }],
    ['an escaped backslash before a slash', 'a: "b\\\\/"\n', { a: 'b\\/' }],
    ['a text that begins with a colon', 'a: :b\n', { a: ':b' }],
    ['keys in a flow without a value', 'a: {b: , c :, "d":}\n', { a: { b: null, c: null, d: null } }],
    ['nothing', '', null],
  ] as const)('reads %s', ([, text, value]) => {
    expect(parse(text)).toEqual(value)
  })

  it.for([
    ['a line separator in a comment', 'a: b # \u2028c: d\n', 7],
    ['a paragraph separator', 'a: b\u2029c\n', 4],
    ['a next line', 'a: b\u0085c: d\n', 4],
    ['a byte order mark inside', 'a: b\ufeff\n', 4],
    ['NUL', 'a: \u0000\n', 3],
    ['an escape character', 'a: "\u001b"\n', 4],
    ['delete', 'a: \u007f\n', 3],
    ['U+FFFE', 'a: \ufffe\n', 3],
    ['a carriage return by itself', 'a: b\rc: d\n', 4],
    ['a directive', '%YAML 1.1\n---\na: b\n', 0],
    ['an unknown directive', '%X\n---\na: b\n', 0],
    ['a tab as indentation', 'a:\n\tb: c\n', 3],
    ['a tab behind spaces', 'a:\n  \tb: c\n', 5],
    ['a tab behind a dash', '-\ta\n', 1],
    ['a tab behind a colon', 'a:\tb\n', 2],
    ['a tag', 'a: !!str b\n', 9],
    ['a tag of a binary', 'a: !!binary aGVsbG8=\n', 12],
    ['a merge key', 'a: &x {b: c}\nd:\n  <<: *x\n', 18],
    ['an anchor of other letters', 'a: &é b\n', 6],
    ['a list as key', 'a: []: \n', 5],
    ['no key', 'a:\n  : b\n', 5],
    ['an escaped slash', 'a: "b\\/c"\n', 3],
    ['a colon before a text in a flow', "a: [b, :'c']\n", 7],
    ['a question mark in a flow', 'a: [b? c]\n', 4],
    ['a key in a flow whose colon a brace follows', 'a: {b: c, d:}\n', 11],
    ['a key in a list whose colon a comma follows', 'a: [b:, c]\n', 5],
    ['two documents', 'a: b\n---\nc: d\n', 5],
  ] as const)('refuses %s', async ([, text, position]) => {
    const error = await expectCode(() => parse(text), FormatError, 'MALFORMED')
    expect(error.at?.offset).toBe(Buffer.byteLength(text.slice(0, position)))
  })
})
