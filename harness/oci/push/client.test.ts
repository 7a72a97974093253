import { describe, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import type { Reply } from '../client/http/transport.ts'
import { locationOf, withParameter } from './client.ts'

function replyFrom(url: string, location: readonly string[]): Reply {
  return {
    status: 202,
    url: new URL(url),
    headers: (name) => (name === 'location' ? location : []),
    async *chunks() {},
    discard: async () => undefined,
  }
}

describe('locationOf', () => {
  it.each([
    [
      'https://r.test/v2/a/blobs/uploads/',
      '/v2/a/blobs/uploads/1?s=a%2Fb~',
      'https://r.test/v2/a/blobs/uploads/1?s=a%2Fb~',
    ],
    ['https://r.test/v2/a/blobs/uploads/', 'https://s.test/1', 'https://s.test/1'],
    ['https://r.test/v2/a/blobs/uploads/', '2?x', 'https://r.test/v2/a/blobs/uploads/2?x'],
    ['http://r.test/v2/', 'http://s.test/1', 'http://s.test/1'],
    ['http://r.test/v2/', 'https://s.test/1', 'https://s.test/1'],
    ['https://r.test/v2/', 'https://user:secret@s.test/1#x', 'https://s.test/1'],
  ])('from %s leads by %s to %s', (from, location, to) => {
    expect(locationOf(replyFrom(from, [location])).href).toBe(to)
  })

  it.each([['http://r.test/1'], ['file:///etc/passwd'], ['https://['], ['']])(
    'is refused from TLS to "%s" (CVE-2026-50151)',
    async (location) => {
      const error = await expectCode(
        () => locationOf(replyFrom('https://r.test/v2/?t=secret', location === '' ? [] : [location])),
        RegistryError,
        'REGISTRY_PROTOCOL',
      )
      expect(error.message).toMatch(/^https:\/\/r\.test\/v2\/\?t=…: expected a Location to upload to, got /)
    },
  )
})

describe('withParameter', () => {
  it('adds to what is there, and leaves that as it is', () => {
    const digest = digestOf(Buffer.from(''))
    const added = (url: string): string => withParameter(new URL(url), 'digest', digest).search
    expect(added('https://r.test/1')).toBe(`?digest=${encodeURIComponent(digest)}`)
    expect(added('https://r.test/1?s=a%20b+c~&t')).toBe(`?s=a%20b+c~&t&digest=${encodeURIComponent(digest)}`)
  })
})
