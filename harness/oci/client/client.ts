// A registry as one that can be asked: authorised, redirected, retried within limits, with every answer a value or a
// coded error. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { RegistryError } from '../../errors.ts'
import { createAuthenticator } from './auth/auth.ts'
import type { Credential } from './auth/credential.ts'
import type { Credentials } from './auth/credentials.ts'
import { withDeadline } from './http/deadline.ts'
import { LIMITS, type Limits } from './http/limits.ts'
import { sendFollowing } from './http/redirect.ts'
import { withRetry, type RetryPolicy } from './http/retry.ts'
import { openScheme } from './http/scheme.ts'
import { toError } from './http/status.ts'
import type { Send } from './auth/token.ts'
import { openTransport, type Method, type Reply, type RequestBody } from './http/transport.ts'
import { hostOf, redactUrl } from './http/url.ts'

export type ClientOptions = {
  readonly credentials: Credentials
  /** Certificates in PEM that are trusted beside the system's. */
  readonly ca?: string | undefined
  /** Plain HTTP also for a registry that is not on this machine. */
  readonly insecure?: boolean
  readonly limits?: Partial<Limits>
}

export type RegistryRequest = {
  readonly repository: string
  /** Path and query on the registry, or a whole URL that it named; credentials go to its own origin only. */
  readonly target: string
  readonly method?: Method
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** Scopes of the token beside those that the registry asks for: `repository:a/b:pull,push`. */
  readonly scopes?: readonly string[]
  /** A request that is not sent again by itself, however it fails. */
  readonly once?: boolean
  /** Other tries than those of the limits. */
  readonly retry?: RetryPolicy
  /** The statuses that are an answer; every other is an error. */
  readonly expect: readonly number[]
}

export interface RegistryClient {
  readonly registry: string
  readonly limits: Limits
  /**
   * One request and what is made of its answer; both again where either fails for a moment. RegistryError
   * REGISTRY_UNAVAILABLE (network, 408, 429, 5xx when the time is up), REGISTRY_DENIED (401, 403), REGISTRY_PROTOCOL.
   */
  exchange<T>(request: RegistryRequest, consume: (reply: Reply) => Promise<T>, signal?: AbortSignal): Promise<T>
  close(): Promise<void>
}

/** A client of one registry; nothing is sent before it is used. */
export function openRegistryClient(registry: string, options: ClientOptions): RegistryClient {
  const limits = { ...LIMITS, ...options.limits }
  const named = hostOf(registry)
  const transport = openTransport({ limits, named, ca: options.ca })
  const base = openScheme(named, options.insecure ?? false, transport)
  const credential = (repository: string, signal?: AbortSignal): Promise<Credential | undefined> =>
    options.credentials({ registry, repository }, signal)

  const send: Send = (exchange, authorization, signal) => sendFollowing(transport, exchange, authorization, signal)
  const auth = createAuthenticator({
    base,
    credential,
    documentMs: limits.documentMs,
    send,
    reject: (reply, used, { scopes }) =>
      toError(reply, {
        registry,
        credentials: used?.from,
        documentMs: limits.documentMs,
        push: scopes?.some((scope) => scope.includes('push')) ?? false,
      }),
  })

  const sendAuthorised = async (request: RegistryRequest, signal: AbortSignal | undefined): Promise<Reply> => {
    const { target, method = 'GET', headers, body } = request
    const { origin, href } = await base(signal)
    const url = new URL(target, href)
    const exchange = {
      method,
      url,
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body }),
    }
    const first = url.origin === origin ? await auth.current(request, signal) : undefined
    const reply = await send(exchange, first, signal)
    // A 401 of another host, where a redirect or a Location led, is nothing that our credentials could answer.
    if (reply.status !== 401 || reply.url.origin !== origin) return reply
    const answer = await auth.answer(reply.headers('www-authenticate'), request, first, signal)
    if (answer === undefined) return reply
    await reply.discard()
    return send(exchange, answer, signal)
  }

  return {
    registry,
    limits,
    exchange: (request, consume, signal) =>
      withRetry(
        async () => {
          const reply = await sendAuthorised(request, signal)
          if (!request.expect.includes(reply.status)) {
            const credentials = await auth.origin(request.repository)
            const push = !['GET', 'HEAD'].includes(request.method ?? 'GET')
            throw await toError(reply, { registry, credentials, documentMs: limits.documentMs, push })
          }
          return consume(reply)
        },
        request.once === true ? { ...limits.retry, retries: 0 } : (request.retry ?? limits.retry),
        signal,
      ),
    close: () => transport.close(),
  }
}

/** The same client with little patience, for what a verdict can do without. */
export function askAside(client: RegistryClient): RegistryClient {
  const { limits } = client
  const { asideMs, asideRetry: retry } = limits
  return {
    ...client,
    limits: { ...limits, retry, documentMs: asideMs, blobMs: asideMs },
    exchange: (request, consume, signal) => {
      const shown = `${client.registry}${request.target.split('?')[0]}`
      const late = (): RegistryError =>
        new RegistryError('REGISTRY_UNAVAILABLE', `${shown}: expected an answer within ${asideMs / 1000} s, got none`, {
          request: shown,
        })
      return withDeadline(asideMs, late, signal, (limited) => client.exchange({ ...request, retry }, consume, limited))
    },
  }
}

/** RegistryError REGISTRY_PROTOCOL for a body that comes encoded: its bytes are not what a digest names. */
export function assertIdentity(reply: Reply): void {
  const [encoding] = reply.headers('content-encoding')
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return
  const request = redactUrl(reply.url)
  throw new RegistryError('REGISTRY_PROTOCOL', `${request}: expected plain bytes, got Content-Encoding ${encoding}`, {
    request,
  })
}

/** True if another try may help: the registry was busy, unreachable or broke off. */
export function isTemporary(error: unknown): boolean {
  return error instanceof RegistryError && error.temporary
}
