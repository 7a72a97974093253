// A client of the registry in a test, with whatever credentials the test gives it.
import type { Credential } from '../oci/client/auth/credential.ts'
import { assertIdentity, openRegistryClient, type ClientOptions, type RegistryClient } from '../oci/client/client.ts'
import { LIMITS, type Limits } from '../oci/client/http/limits.ts'
import type { RetryPolicy } from '../oci/client/http/retry.ts'

/** Tries again at once, and waits for whatever is slow: a server that answers is not given up on a busy machine. */
export const PATIENT: Limits = {
  connectMs: 60_000,
  firstByteMs: 60_000,
  storedMs: 60_000,
  stallMs: 60_000,
  documentMs: 60_000,
  blobMs: 60_000,
  slowestBytesPerSecond: 32 << 10,
  retry: { retries: 2, firstDelayMs: 1, longestDelayMs: 2, budgetMs: 60_000 },
  asideMs: 60_000,
  asideRetry: { retries: 1, firstDelayMs: 1, longestDelayMs: 2, budgetMs: 60_000 },
}

/** For servers that stop: each such wait is real. */
export const IMPATIENT: Limits = { ...PATIENT, firstByteMs: 1000, storedMs: 1000, stallMs: 1000, documentMs: 1000 }

/** Runs `action` while clients with the limits of a command try again at once, not after seconds. */
export async function withQuickRetries<T>(action: () => Promise<T>): Promise<T> {
  const policies: readonly { -readonly [K in keyof RetryPolicy]: RetryPolicy[K] }[] = [LIMITS.retry, LIMITS.asideRetry]
  const before = policies.map((policy) => ({ ...policy }))
  for (const policy of policies) Object.assign(policy, { firstDelayMs: 1, longestDelayMs: 2 })
  try {
    return await action()
  } finally {
    for (const [index, policy] of policies.entries()) Object.assign(policy, before[index])
  }
}

export function clientOf(server: { readonly host: string }, options: Partial<ClientOptions> = {}): RegistryClient {
  return openRegistryClient(server.host, { credentials: async () => undefined, limits: PATIENT, ...options })
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
