import { describe, expect, it } from 'vitest'
import { readAll } from '../../../bytes/source.ts'
import { RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { describeHostile } from '../../../testing/hostile.ts'
import { parseNextLink, resolveNextLink } from './link.ts'
import { cpuMs } from '../../../testing/cpu-time.ts'

const AT = { path: 'example.com' }
const PAGE = new URL('https://example.com:5000/v2/a/tags/list?n=2')

describe('parseNextLink', () => {
  it.each([
    ['</v2/a/tags/list?n=2&last=b>; rel="next"', '/v2/a/tags/list?n=2&last=b'],
    ['</x>; rel=next', '/x'],
    ['</x>;rel=NEXT', '/x'],
    ['</first>; rel="prev", </x>; rel="last next"', '/x'],
    ['</x>; title="a, b; rel=\\"prev\\"" ; rel="next"', '/x'],
    ['</x>; crossorigin; rel="next"', '/x'],
    ['</x>; rel="prev"; rel="next"', undefined],
    ['</x>', undefined],
    ['', undefined],
    [' , ', undefined],
  ])('reads %s', (header, expected) => {
    expect(parseNextLink(header, AT)).toBe(expected)
  })

  it.each([
    ['no URL', '/v2/a; rel="next"'],
    ['a URL that does not end', '</v2/a'],
    ['a URL with a space', '</v2/a b>; rel="next"'],
    ['junk behind a link', '</x> junk'],
    ['a parameter without a name', '</x>; ="next"'],
    ['too many characters', `<${'x'.repeat(17 << 10)}>`],
  ])('refuses %s', async (_, header) => {
    const error = await expectCode(() => parseNextLink(header, AT), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.at).toMatchObject({ path: 'example.com', offset: expect.any(Number) })
  })

  it('takes no longer for what is made to be slow', async () => {
    const started = cpuMs()
    for (const piece of [';a  ', ';a= ', '<a>,', '; ', ';a="\\""'])
      await expectCode(
        () => parseNextLink(`<x>${piece.repeat(16_000 / piece.length)}!`, AT),
        RegistryError,
        'REGISTRY_PROTOCOL',
      )
    expect(cpuMs() - started).toBeLessThan(1000)
  })
})

describe('resolveNextLink', () => {
  it.each([
    ['/v2/a/tags/list?last=b', '/v2/a/tags/list?last=b'],
    ['list?last=b', '/v2/a/tags/list?last=b'],
    ['https://example.com:5000/v2/a/tags/list?last=b#x', '/v2/a/tags/list?last=b'],
  ])('takes %s', (target, expected) => {
    expect(resolveNextLink(target, PAGE, AT)).toBe(expected)
  })

  it.each([
    'https://example.com/v2/',
    'http://example.com:5000/v2/',
    '//evil.example/v2/',
    'ftp://x',
    'http://[',
    'file:///etc',
  ])('refuses %s', async (target) => {
    const error = await expectCode(() => resolveNextLink(target, PAGE, AT), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.at).toEqual(AT)
  })
})

describeHostile(
  'link',
  { 'link to a page': () => Buffer.from('</a>; rel="prev"; title="x", </v2/a/tags/list?n=2&last=b>; rel="next"') },
  async (source) => {
    const target = parseNextLink(Buffer.from(await readAll(source, 1 << 20)).toString('latin1'), source.where)
    if (target !== undefined) resolveNextLink(target, PAGE, source.where)
  },
)
