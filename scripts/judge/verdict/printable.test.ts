import { describe, expect, it } from 'vitest'
import { jsonText, printable, printableStrings } from './printable.ts'

describe('printable', () => {
  it.each([
    ['drbd 9.2.14-v1.11.5 “ok” ✓', 'drbd 9.2.14-v1.11.5 “ok” ✓'],
    ['\u{1b}[2J\u{1b}]0;green\u{7}', '\\u{1b}[2J\\u{1b}]0;green\\u{7}'],
    ['a\rb\tc\u{9b}31m\u{7f}', 'a\\u{d}b\\u{9}c\\u{9b}31m\\u{7f}'],
    ['exe\u{202e}gpj.\u{200b}', 'exe\\u{202e}gpj.\\u{200b}'],
    ['one\ntwo\u{2028}three', 'one\\u{a}two\\u{2028}three'],
  ])('writes %j so that a terminal shows it', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('keeps the lines of a text where they are wanted', () => {
    expect(printable('one\ntwo\r\n', { lines: true })).toBe('one\ntwo\\u{d}\n')
  })
})

describe('printableStrings', () => {
  it('goes into every string, and leaves the rest', () => {
    const document = { a: ['\u{1b}x', 1, true], b: { c: 'y\nz', d: undefined } }
    expect(printableStrings(document)).toEqual({ a: ['\\u{1b}x', 1, true], b: { c: 'y\nz' } })
  })
})

describe('jsonText', () => {
  it('has the same values, and no character that a terminal obeys', () => {
    const document = { '\u{9b}31m': ['\u{1b}x\n\u{7f}', '\u{202e}\u{2028}', '\u{e0041}', 'ü ✓', { a: 1 }] }
    const text = jsonText(document)
    expect(JSON.parse(text)).toEqual(document)
    expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text).toContain('"ü ✓"')
    expect(text).toMatch(/\}\n$/)
  })
})
