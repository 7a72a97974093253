import { describe, expect, it } from 'vitest'
import { wrap } from './wrap.ts'

const TEXT = '  fix       build the variant from the extensions that the contract lists, and from nothing else'

describe('wrap', () => {
  it('breaks between words, and goes on below the text', () => {
    expect(wrap(TEXT, 12, 60)).toBe(
      '  fix       build the variant from the extensions that the\n            contract lists, and from nothing else',
    )
    expect(
      wrap(TEXT, 12, 60)
        .split('\n')
        .every((line) => line.length <= 60),
    ).toBe(true)
  })

  it('keeps every word, and blanks inside a line that fits', () => {
    for (const columns of [40, 41, 57, 80, 120]) expect(wrap(TEXT, 4, columns).split(/\s+/)).toEqual(TEXT.split(/\s+/))
    expect(wrap(TEXT, 12, TEXT.length)).toBe(TEXT)
  })

  it('counts no colour', () => {
    const coloured = `\u{1b}[31m${'word '.repeat(8).trim()}\u{1b}[39m`
    expect(wrap(coloured, 2, 40)).toBe(coloured)
  })

  it.each([undefined, 0, 20])('breaks nothing at %s columns', (columns) => {
    expect(wrap(TEXT, 12, columns)).toBe(TEXT)
  })

  it('leaves a word whole that is longer than the line', () => {
    expect(wrap(`  where     ${'x'.repeat(90)} in it`, 12, 60)).toBe(`  where     ${'x'.repeat(90)}\n            in it`)
  })
})
