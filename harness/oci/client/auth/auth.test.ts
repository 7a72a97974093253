import { describe, expect, it, vi } from 'vitest'
import { RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { answerJson, serve, type Handler } from '../../../testing/http-server.ts'
import { clientOf, getText as get, TARGET, withLogin } from '../../../testing/registry-client.ts'

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

describe('authentication', () => {
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

  it('takes the first challenge that it can answer, whatever is around it', async () => {
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
  ])('refuses a token service whose address %s (CVE-2026-48978)', async (_, realm) => {
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

  it('answers no challenge of a host that it was only sent to', async () => {
    await using thief = await serve((asked, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${asked.headers.host}/token"` }).end()
    })
    await using server = await serve((_, response) => void response.writeHead(307, { location: thief.url }).end())
    const client = clientOf(server, withLogin({ username: 'u', password: 'secret' }))
    await expectCode(() => get(client), RegistryError, 'REGISTRY_DENIED')
    expect(thief.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/', undefined]])
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
})
