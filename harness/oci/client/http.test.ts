import { describe, expect, it, vi } from 'vitest'
import { RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { answerJson, serve, type Handler, type TestServer } from '../../testing/http-server.ts'
import type { Credential } from './credentials.ts'
import { assertIdentity, openRegistryClient, type ClientOptions, type RegistryClient } from './http.ts'

const RETRY = { retries: 2, firstDelayMs: 1, longestDelayMs: 2, budgetMs: 2000 }
const LIMITS = { retry: RETRY, connectMs: 1000, firstByteMs: 500, stallMs: 500, documentMs: 1000 }
const TARGET = '/v2/a/manifests/v1'

function clientOf(server: TestServer, options: Partial<ClientOptions> = {}): RegistryClient {
  return openRegistryClient(server.host, { credentials: async () => undefined, limits: LIMITS, ...options })
}

/** The body of `TARGET` as text. */
const get = (client: RegistryClient, signal?: AbortSignal): Promise<string> =>
  client.exchange(
    { repository: 'a', target: TARGET, expect: [200] },
    async (reply) => {
      assertIdentity(reply)
      const chunks: Uint8Array[] = []
      for await (const chunk of reply.chunks()) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    },
    signal,
  )
const withLogin = (credential: Omit<Credential, 'from'>) => ({
  credentials: async (): Promise<Credential> => ({ from: 'test', ...credential }),
})

/** A registry that wants the token that its own service gives for `allowed` headers. */
function tokenRegistry(token: Handler, wants: () => string = () => 'Bearer t'): Handler {
  return (asked, response, count) => {
    if (asked.url.startsWith('/token')) token(asked, response, count)
    else if (asked.headers.authorization === wants()) response.end('ok')
    else {
      const realm = `Bearer realm="http://${asked.headers.host}/token?account=x",service="s",scope="repository:a:pull"`
      response.writeHead(401, { 'www-authenticate': realm }).end()
    }
  }
}

describe('exchange', () => {
  it('asks without credentials first, as nothing but itself', async () => {
    await using server = await serve((_, response) => void response.end('ok'))
    expect(await get(clientOf(server))).toBe('ok')
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'user-agent': 'talos-image-contract',
    })
    expect(server.asked[0]?.headers.authorization).toBeUndefined()
  })

  it('answers Basic where it has a login, and keeps to it', async () => {
    await using server = await serve((asked, response) => {
      if (asked.headers.authorization !== 'Basic dTpw')
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' })
      response.end('ok')
    })
    const client = clientOf(server, withLogin({ username: 'u', password: 'p' }))
    expect([await get(client), await get(client)]).toEqual(['ok', 'ok'])
    expect(server.asked).toHaveLength(3)
  })

  it('gets an anonymous token, keeping what the realm itself asks', async () => {
    await using server = await serve(tokenRegistry((_, response) => answerJson(response, { token: 't' })))
    const client = clientOf(server)
    expect([await get(client), await get(client)]).toEqual(['ok', 'ok'])
    expect(server.asked.map(({ url }) => url)).toEqual([
      TARGET,
      '/token?account=x&service=s&scope=repository%3Aa%3Apull',
      TARGET,
      TARGET,
    ])
    expect(server.asked[1]?.headers.authorization).toBeUndefined()
  })

  it('takes the first challenge that it can answer, whatever stands around it', async () => {
    await using server = await serve((asked, response) => {
      const { authorization, host } = asked.headers
      if (asked.url.startsWith('/token')) return answerJson(response, { access_token: 't' })
      if (authorization === 'Bearer t') return void response.end('ok')
      const challenges = ['Broken realm="', 'Negotiate', 'Basic realm="x"', `Bearer realm="http://${host}/token"`]
      response.writeHead(401, { 'www-authenticate': challenges }).end()
    })
    expect(await get(clientOf(server))).toBe('ok')
    expect(server.asked[1]?.url).toBe('/token?scope=repository%3Aa%3Apull')
  })

  it('exchanges an identity token, and keeps the one that comes back', async () => {
    const tokens = ['t1', 't2']
    let current = 't1'
    await using server = await serve(
      tokenRegistry(
        (asked, response) => {
          expect(asked.method).toBe('POST')
          current = tokens.shift() ?? ''
          answerJson(response, { access_token: current, refresh_token: 'second' })
        },
        () => `Bearer ${current}`,
      ),
    )
    const client = clientOf(server, withLogin({ identityToken: 'first' }))
    current = 'none'
    await get(client)
    current = 'expired'
    await get(client)
    const forms = server.asked.filter(({ method }) => method === 'POST').map(({ body }) => new URLSearchParams(body))
    expect(forms.map((form) => form.get('refresh_token'))).toEqual(['first', 'second'])
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      grant_type: 'refresh_token',
      service: 's',
      scope: 'repository:a:pull',
    })
  })

  it('falls back to the older way where the service knows no identity tokens', async () => {
    await using server = await serve(
      tokenRegistry((asked, response) => {
        if (asked.method === 'POST') response.writeHead(404).end()
        else answerJson(response, { token: 't' })
      }),
    )
    const client = clientOf(server, withLogin({ identityToken: 'x', username: 'u', password: 'p' }))
    expect(await get(client)).toBe('ok')
    expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'GET'])
    expect(server.asked[2]?.headers.authorization).toBe('Basic dTpw')
  })

  it('refreshes once when many requests meet 401 at once', async () => {
    let given = 0
    await using server = await serve(
      tokenRegistry(
        (_, response) => void setTimeout(() => answerJson(response, { token: `t${++given}` }), 20),
        () => `Bearer t${given}`,
      ),
    )
    const client = clientOf(server)
    given = 1
    await Promise.all(Array.from({ length: 12 }, () => get(client)))
    expect(given).toBe(2)
    given = 7
    await Promise.all(Array.from({ length: 12 }, () => get(client)))
    expect(given).toBe(8)
  })

  it('renews a token that is about to expire before it is refused', async () => {
    await using server = await serve(
      tokenRegistry((_, response) => answerJson(response, { token: 't', expires_in: 300 })),
    )
    const client = clientOf(server)
    await get(client)
    const later = performance.now() + 291_000
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later)
    try {
      await get(client)
    } finally {
      clock.mockRestore()
    }
    expect(server.asked.map(({ url }) => url.slice(0, 6))).toEqual(['/v2/a/', '/token', '/v2/a/', '/token', '/v2/a/'])
  })

  it('is denied when the new token is refused as well', async () => {
    await using server = await serve(tokenRegistry((_, response) => answerJson(response, { token: 'other' })))
    const error = await expectCode<RegistryError>(() => get(clientOf(server)), RegistryError, 'REGISTRY_DENIED')
    expect(error.status).toBe(401)
    expect(error.message).toMatch(/it is private or does not exist, and no credentials for it were found; log in/)
    expect(server.asked).toHaveLength(3)
  })

  it('says whose credentials were refused', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end('{"errors":[{"code":"DENIED","message":"not\\u001b[2J you"}]}')
    })
    const error = await expectCode(() => get(clientOf(server)), RegistryError, 'REGISTRY_DENIED')
    expect(error.message).toContain('got status 403 (DENIED not [2J you)')
    await using other = await serve(
      tokenRegistry((_, response) => void response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}')),
    )
    const client = clientOf(other, withLogin({ username: 'u', password: 'p' }))
    const denied = await expectCode(() => get(client), RegistryError, 'REGISTRY_DENIED')
    expect(denied.message).toContain('the credentials from test do not open it')
  })

  it.each([
    ['is no URL', 'nowhere'],
    ['is of another scheme', 'file:///etc/passwd'],
    ['has a user', 'https://u:p@127.0.0.1/token'],
    ['goes in clear to another machine', 'http://example.com/token'],
  ])('refuses a token service whose address %s', async (_, realm) => {
    await using server = await serve((_asked, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end()
    })
    const client = clientOf(server, withLogin({ username: 'u', password: 'secret' }))
    const error = await expectCode(() => get(client), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.message).toMatch(/expected the https URL of a token service/)
    expect(server.asked).toHaveLength(1)
  })

  it.each<[string, string]>([
    ['no JSON', 'half a tok'],
    ['no token', '{"expires_in":60}'],
    ['another shape', '{"token":7}'],
    ['a token of two lines', '{"token":"a\\r\\nX-Evil: 1"}'],
    ['more than a token', JSON.stringify({ token: 'x'.repeat(70_000) })],
  ])('refuses %s from a token service', async (_, body) => {
    await using server = await serve(tokenRegistry((_asked, response) => void response.end(body)))
    const error = await expectCode(() => get(clientOf(server)), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.message).toMatch(/expected a token, got/)
    expect(error.message).not.toContain('half a tok')
  })

  it('sends no identity token on when the service redirects', async () => {
    await using thief = await serve((_, response) => void response.end('{"token":"t"}'))
    await using server = await serve(
      tokenRegistry((_, response) => void response.writeHead(307, { location: `${thief.url}/token` }).end()),
    )
    const client = clientOf(server, withLogin({ identityToken: 'secret' }))
    await expectCode(() => get(client), RegistryError, 'REGISTRY_PROTOCOL')
    expect(thief.asked).toEqual([])
  })

  it.each([408, 429, 500, 502, 503, 504])('tries again after status %d', async (status) => {
    await using server = await serve((_, response, count) => {
      if (count < 2) response.writeHead(status)
      response.end('ok')
    })
    expect(await get(clientOf(server))).toBe('ok')
    expect(server.asked).toHaveLength(3)
  })

  it.each([400, 404, 416, 418])('does not try again after status %d', async (status) => {
    await using server = await serve((_, response) => void response.writeHead(status).end('x'.repeat(20_000)))
    await expectCode(() => get(clientOf(server)), RegistryError, 'REGISTRY_PROTOCOL')
    expect(server.asked).toHaveLength(1)
  })

  it('is unavailable when it stays so', async () => {
    await using server = await serve((_, response) => void response.writeHead(503).end())
    const error = await expectCode<RegistryError>(() => get(clientOf(server)), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(error).toMatchObject({ status: 503, temporary: true, request: `${server.url}${TARGET}` })
    expect(server.asked).toHaveLength(3)
  })

  it.each<[string, Handler]>([
    ['hangs up', (_, response) => void response.destroy()],
    [
      'hangs up in the body',
      (_, response) =>
        void (response.writeHead(200, { 'content-length': '9' }), response.write('abc', () => response.destroy())),
    ],
    [
      'stalls in the body',
      (_, response) => void (response.writeHead(200, { 'content-length': '9' }), response.write('abc')),
    ],
    ['never answers', () => undefined],
  ])('gives up on one that %s', async (_, handler) => {
    await using server = await serve(handler)
    const client = clientOf(server, { limits: { ...LIMITS, retry: { ...RETRY, retries: 1 } } })
    const error = await expectCode<RegistryError>(() => get(client), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(error.temporary).toBe(true)
    expect(server.asked).toHaveLength(2)
  })

  it('refuses a body that comes encoded', async () => {
    await using server = await serve(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    )
    await expectCode(() => get(clientOf(server)), RegistryError, 'REGISTRY_PROTOCOL')
    expect(server.asked[0]?.headers['accept-encoding']).toBe('identity')
  })

  it('ends at once when it is told to', async () => {
    await using server = await serve(() => undefined)
    const stop = new AbortController()
    const running = get(clientOf(server), stop.signal)
    setTimeout(() => stop.abort(new Error('stop')), 30)
    await expect(running).rejects.toThrow('stop')
  })

  it('speaks no HTTP to what is not this machine', async () => {
    const client = openRegistryClient('registry.invalid', { credentials: async () => undefined, limits: LIMITS })
    const error = await expectCode<RegistryError>(() => get(client), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(error.request).toMatch(/^https:/)
  })
})
