// A client of the registry in a test: impatient, and with whatever credentials the test gives it.
import type { Credential } from '../oci/client/auth/credential.ts'
import { assertIdentity, openRegistryClient, type ClientOptions, type RegistryClient } from '../oci/client/client.ts'
import type { Limits } from '../oci/client/http/limits.ts'

export const IMPATIENT: Limits = {
  connectMs: 1000,
  firstByteMs: 500,
  storedMs: 500,
  stallMs: 500,
  documentMs: 1000,
  blobMs: 10_000,
  slowestBytesPerSecond: 1 << 20,
  retry: { retries: 2, firstDelayMs: 1, longestDelayMs: 2, budgetMs: 2000 },
  asideMs: 1000,
  asideRetry: { retries: 1, firstDelayMs: 1, longestDelayMs: 2, budgetMs: 500 },
}

export function clientOf(server: { readonly host: string }, options: Partial<ClientOptions> = {}): RegistryClient {
  return openRegistryClient(server.host, { credentials: async () => undefined, limits: IMPATIENT, ...options })
}

export function withLogin(credential: Omit<Credential, 'from'>): Pick<ClientOptions, 'credentials'> {
  return { credentials: async () => ({ from: 'test', ...credential }) }
}

export const TARGET = '/v2/a/manifests/v1'

/** The body of `TARGET` as text. */
export function getText(client: RegistryClient, signal?: AbortSignal): Promise<string> {
  return client.exchange(
    { repository: 'a', target: TARGET, expect: [200] },
    async (reply) => {
      assertIdentity(reply)
      const chunks: Uint8Array[] = []
      for await (const chunk of reply.chunks()) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    },
    signal,
  )
}
