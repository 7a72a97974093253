import { describe, expect, it, vi } from 'vitest'
import { RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { openScheme } from './scheme.ts'
import type { Transport } from './transport.ts'

/** A network on which every https request fails so. */
function failing(code: string) {
  const cause = Object.assign(new Error('no'), { code })
  const send = vi.fn<Transport['send']>().mockRejectedValue(new RegistryError('REGISTRY_UNAVAILABLE', 'no', { cause }))
  return { send, close: async () => undefined }
}
const discard = async (): Promise<undefined> => undefined
const answering = {
  send: vi.fn<Transport['send']>().mockResolvedValue({ discard } as Awaited<ReturnType<Transport['send']>>),
  close: async () => undefined,
}

describe('openScheme', () => {
  it('takes https elsewhere without asking', async () => {
    const network = failing('EPROTO')
    expect((await openScheme('example.com', false, network)()).href).toBe('https://example.com/')
    expect(network.send).not.toHaveBeenCalled()
  })

  it('takes https wherever it is spoken', async () => {
    for (const [host, insecure] of [
      ['localhost:5000', false],
      ['example.com', true],
    ] as const)
      expect((await openScheme(host, insecure, answering)()).protocol).toBe('https:')
  })

  it.each(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ECONNRESET', 'UND_ERR_SOCKET'])(
    'takes http on %s, where that is allowed, and asks once',
    async (code) => {
      const network = failing(code)
      const scheme = openScheme('example.com:5000', true, network)
      expect((await Promise.all([scheme(), scheme()])).map(({ href }) => href)).toEqual([
        'http://example.com:5000/',
        'http://example.com:5000/',
      ])
      expect(network.send).toHaveBeenCalledTimes(1)
      expect((await openScheme('127.0.0.1:5000', false, network)()).protocol).toBe('http:')
    },
  )

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'])(
    'is no reason to go on in clear: %s',
    async (code) => {
      const network = failing(code)
      const scheme = openScheme('example.com', true, network)
      await expectCode(() => scheme(), RegistryError, 'REGISTRY_UNAVAILABLE')
      await expectCode(() => scheme(), RegistryError, 'REGISTRY_UNAVAILABLE')
      expect(network.send).toHaveBeenCalledTimes(2)
    },
  )
})
