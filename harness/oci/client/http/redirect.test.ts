import { describe, expect, it } from 'vitest'
import { RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { serve, type TestServer } from '../../../testing/http-server.ts'
import { LIMITS } from './limits.ts'
import { sendFollowing } from './redirect.ts'
import { openTransport, type Exchange, type Reply } from './transport.ts'

const SECRET = 'Basic c2VjcmV0'

/** Asks `server` for `/0` with a secret. */
async function ask(server: TestServer, named = server.host, method: Exchange['method'] = 'GET'): Promise<Reply> {
  const transport = openTransport({ limits: LIMITS, named })
  try {
    const reply = await sendFollowing(
      transport,
      { method, url: new URL('/0', server.url), headers: { range: 'bytes=1-' } },
      SECRET,
      undefined,
    )
    await reply.discard()
    return reply
  } finally {
    await transport.close()
  }
}

const to = (location: string, status = 307) =>
  serve((_, response) => void response.writeHead(status, { location }).end())

describe('sendFollowing', () => {
  it.each(['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]', '2852039166'])(
    'goes to no link-local address, from a registry on this machine either: %s',
    async (host) => {
      await using server = await to(`http://${host}/latest/meta-data`)
      const error = await expectCode(() => ask(server), RegistryError, 'REGISTRY_PROTOCOL')
      expect(error.message).toMatch(/expected an address that the registry may send us to/)
    },
  )

  it.each([301, 302, 303, 307, 308])(
    'follows status %d, its credential left at the door of another origin (GHSA-vh4v-2xq2-g5cg)',
    async (status) => {
      await using storage = await serve((_, response) => void response.end('bytes'))
      await using server = await to(`${storage.url}/blob?signature=x#y`, status)
      const reply = await ask(server)
      expect(reply.url.href).toBe(`${storage.url}/blob?signature=x`)
      expect(server.asked[0]?.headers).toMatchObject({ authorization: SECRET, range: 'bytes=1-' })
      expect(storage.asked[0]?.headers.authorization).toBeUndefined()
      expect(storage.asked[0]?.headers.range).toBe('bytes=1-')
    },
  )

  it('keeps its credential on the same origin, and takes it up again there', async () => {
    const place: { url?: string } = {}
    await using other = await serve((_, response) => void response.writeHead(302, { location: `${place.url}/2` }).end())
    await using server = await serve((asked, response) => {
      if (asked.url === '/0') response.writeHead(302, { location: '/1' })
      if (asked.url === '/1') response.writeHead(302, { location: other.url })
      response.end()
    })
    place.url = server.url
    await ask(server)
    expect(server.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/0', SECRET],
      ['/1', SECRET],
      ['/2', SECRET],
    ])
    expect(other.asked[0]?.headers.authorization).toBeUndefined()
  })

  it('does not take a user and password out of a Location', async () => {
    await using storage = await serve((_, response) => void response.end())
    await using server = await to(`http://u:p@${storage.host}/`)
    expect((await ask(server)).url.href).toBe(`${storage.url}/`)
    expect(storage.asked[0]?.headers.authorization).toBeUndefined()
  })

  it('follows five redirects and no more', async () => {
    const chain = (last: number) =>
      serve((asked, response) => {
        const at = Number(asked.url.slice(1))
        if (at < last) response.writeHead(302, { location: `/${at + 1}` })
        response.end()
      })
    await using five = await chain(5)
    expect((await ask(five)).status).toBe(200)
    await using six = await chain(6)
    await expectCode(() => ask(six), RegistryError, 'REGISTRY_PROTOCOL')
    expect(six.asked).toHaveLength(6)
  })

  it.each([
    ['to no URL', 'http://['],
    ['to a file', 'file:///etc/passwd'],
    ['to a scheme of its own', 'data:text/plain,x'],
  ])('refuses to be sent %s', async (_, location) => {
    await using server = await to(location)
    const error = await expectCode(() => ask(server), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.message).toMatch(/redirect/)
  })

  it('hands back a redirect of HEAD, and refuses one of POST', async () => {
    await using server = await to('/x')
    expect((await ask(server, server.host, 'HEAD')).status).toBe(307)
    await expectCode(() => ask(server, server.host, 'POST'), RegistryError, 'REGISTRY_PROTOCOL')
    expect(server.asked).toHaveLength(2)
  })

  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'http://[::1]:1/',
    'http://169.254.169.254/latest/',
    'http://[::ffff:127.0.0.1]:1/',
  ])('is not sent to %s by a registry elsewhere', async (location) => {
    await using server = await to(location)
    // The client believes that it speaks with a public registry; the first hop is refused for the same reason.
    const error = await expectCode(() => ask(server, 'registry.example.com'), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.message).toMatch(/got one of this machine/)
    expect(server.asked).toEqual([])
  })
})
