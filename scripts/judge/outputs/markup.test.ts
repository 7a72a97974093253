import { describe, expect, it } from 'vitest'
import { escapeMarkup, markup, verbatim } from './markup.ts'

describe('escapeMarkup', () => {
  it.each([
    ['what begins markup', '<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['both quotes', `"'`, '&quot;&#39;'],
    ['the end of a CDATA section', ']]>', ']]&gt;'],
    ['a control character', '\u001b', '\\u{1b}'],
    ['NUL', '\u0000', '\\u{0}'],
    ['half a surrogate pair', '\ud800', '\\u{d800}'],
    ['what is no character', '\uffff', '\\u{ffff}'],
  ])('escapes %s', (_, text, escaped) => {
    expect(escapeMarkup(text)).toBe(escaped)
  })

  it('leaves every other text as it is', () => {
    expect(escapeMarkup('tab\tline\nfeed, é, 🦊')).toBe('tab\tline\nfeed, é, 🦊')
  })
})

describe('markup', () => {
  it('escapes texts, takes numbers, and leaves markup alone', () => {
    expect(markup`<a b="${'"'}">${1}${markup`<i/>`}${[markup`${'<'}`, verbatim('<')]}</a>`).toEqual({
      markup: '<a b="&quot;">1<i/>&lt;<</a>',
    })
  })
})
