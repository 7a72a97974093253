import { describe, expect, it } from 'vitest'
import { RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { serve, type Handler } from '../../testing/http-server.ts'
import { clientOf, getText as get, IMPATIENT, PATIENT, TARGET } from '../../testing/registry-client.ts'
import { openRegistryClient } from './client.ts'

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
    const client = clientOf(server, { limits: { ...IMPATIENT, retry: { ...IMPATIENT.retry, retries: 1 } } })
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

  it('ends at once when asked to', async () => {
    await using server = await serve(() => undefined)
    const stop = new AbortController()
    const running = get(clientOf(server), stop.signal)
    setTimeout(() => stop.abort(new Error('stop')), 30)
    await expect(running).rejects.toThrow('stop')
  })

  it('speaks no HTTP to what is not this machine', async () => {
    const client = openRegistryClient('registry.invalid', { credentials: async () => undefined, limits: PATIENT })
    const error = await expectCode<RegistryError>(() => get(client), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(error.request).toMatch(/^https:/)
  })
})
