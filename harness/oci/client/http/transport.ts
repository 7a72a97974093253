// One HTTP exchange on undici.request, which decodes no bodies (fetch does, and then no digest fits): proxies of the
// environment, certificates, time limits, and errors of the network as coded ones.
import { lookup as lookUpName, type LookupAddress, type LookupOptions } from 'node:dns'
import { Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import type Undici from 'undici'
import type { Dispatcher } from 'undici'
import { HarnessError, RegistryError } from '../../../errors.ts'
import { lazy } from '../../../lazy.ts'
import { codeOf } from './retry.ts'
import type { Limits } from './limits.ts'
import { isLinkLocal, isLocalAddress, isLoopback, redactUrl } from './url.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
/** A body as a whole, or in chunks that are made anew for each sending; their length is a header then. */
export type RequestBody = string | Uint8Array | (() => AsyncIterable<Uint8Array>)

export type Exchange = {
  readonly method: Method
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody
}

export type Reply = {
  readonly status: number
  /** The address that answered, after redirects. */
  readonly url: URL
  /** Every value of a header, in order. */
  headers(name: string): readonly string[]
  /** The body as it comes; RegistryError REGISTRY_UNAVAILABLE, temporary, where it breaks off or stalls. */
  chunks(): AsyncGenerator<Uint8Array, void, void>
  /** Ends a body that is not wanted; keeps the connection where little of it is left. */
  discard(): Promise<void>
}

export type Transport = {
  send(exchange: Exchange, signal: AbortSignal | undefined): Promise<Reply>
  close(): Promise<void>
}

export type TransportOptions = {
  readonly limits: Limits
  /** Certificates in PEM that are trusted beside the system's. */
  readonly ca?: string | undefined
  /** The host that the user named; it may be anywhere. */
  readonly named: string
}

/** The rest of an unwanted body is read up to this, to keep its connection; beyond, a new one is cheaper. */
const MAX_LEFT_BYTES = 64 << 10

export function openTransport(options: TransportOptions): Transport {
  const { limits, named, ca } = options
  const certificates = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }
  const tls = { ...certificates, timeout: limits.connectMs }
  const local = isLoopback(named)
  const agentOptions = {
    allowH2: false,
    headersTimeout: limits.firstByteMs,
    bodyTimeout: limits.stallMs,
    connect: { ...tls, lookup: guardedLookup(named, local ? isLinkLocal : isLocalAddress) },
  }
  // A registry on this machine is never behind a proxy: no client of a registry asks for it there.
  let dispatcher: Dispatcher | undefined
  const connect = lazy(async () => {
    // Loaded only when something is sent: reading what was pulled does not need it.
    const { Agent, EnvHttpProxyAgent, request } = await import('undici')
    dispatcher = local
      ? new Agent(agentOptions)
      : new EnvHttpProxyAgent({ ...agentOptions, requestTls: tls, proxyTls: tls })
    return { request, dispatcher }
  })
  return {
    send: async (exchange, signal) => send(exchange, { ...(await connect()), local, named, limits }, signal),
    close: async () => dispatcher?.destroy(),
  }
}

type Connection = {
  readonly request: typeof Undici.request
  readonly dispatcher: Dispatcher
  readonly local: boolean
  readonly named: string
  readonly limits: Limits
}

async function send(
  exchange: Exchange,
  { request, dispatcher, local, named, limits }: Connection,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  const { method, url, headers, body } = exchange
  if (!local && (isLoopback(url.host) || isLocalAddress(url.hostname))) throw localTarget(url)
  if (isLinkLocal(url.hostname) && url.host !== named) throw localTarget(url)
  const options = { method, headers: { ...headers, 'user-agent': 'talos-image-contract' }, dispatcher }
  const response = await request(url, {
    ...options,
    ...(body !== undefined && {
      body: typeof body === 'function' ? Readable.from(body(), { objectMode: false }) : body,
    }),
    ...(typeof body === 'function' && { headersTimeout: limits.storedMs }),
    ...(signal !== undefined && { signal }),
  }).catch((cause: unknown) => {
    throw toRegistryError(cause, url, signal)
  })
  return {
    status: response.statusCode,
    url,
    headers: (name) => [response.headers[name.toLowerCase()] ?? []].flat(),
    async *chunks() {
      try {
        for await (const chunk of response.body) yield chunk as Uint8Array
      } catch (cause) {
        throw toRegistryError(cause, url, signal)
      }
    },
    discard: () => response.body.dump({ limit: MAX_LEFT_BYTES }).catch(() => undefined),
  }
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/**
 * Names that a registry makes us look up must not turn out to be this machine (DNS rebinding of a redirect or realm).
 */
function guardedLookup(named: string, isRefused: (address: string) => boolean) {
  const own = new URL(`https://${named}`).hostname
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookUpName(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) return callback(error ?? new Error(`no address for ${hostname}`), [])
      if (hostname !== own && addresses.some(({ address }) => isRefused(address)))
        return callback(localTarget(new URL(`https://${hostname}`)), [])
      if (options.all === true) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}

function localTarget(url: URL): RegistryError {
  const shown = redactUrl(url)
  return new RegistryError(
    'REGISTRY_PROTOCOL',
    `${shown}: expected an address that the registry may send us to, got one of this machine or its link`,
    { request: shown },
  )
}

const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/
const TIMEOUTS: ReadonlyMap<string, string> = new Map([
  ['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
  ['UND_ERR_HEADERS_TIMEOUT', 'no answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'no more bytes in time'],
])

/** Errors of undici and Node as a RegistryError; the reason of `signal` where that was aborted. */
function toRegistryError(cause: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason
  if (cause instanceof HarnessError || !(cause instanceof Error)) return cause
  const code = codeOf(cause)
  const shown = redactUrl(url)
  const fail = (kind: 'REGISTRY_UNAVAILABLE' | 'REGISTRY_PROTOCOL', text: string, temporary: boolean): RegistryError =>
    new RegistryError(kind, `${shown}: ${text}`, { cause, request: shown, temporary })
  const reason = TIMEOUTS.get(code) ?? (code === '' ? cause.message : code)
  if (code === 'ENOTFOUND') return fail('REGISTRY_UNAVAILABLE', `no such host: ${url.hostname}`, false)
  if (CERTIFICATE.test(code))
    return fail('REGISTRY_UNAVAILABLE', `its certificate is not trusted (${code}): give its CA with --ca-file`, false)
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
    return fail('REGISTRY_PROTOCOL', `expected HTTP, got something else (${code})`, false)
  if (code === 'ECONNREFUSED')
    return fail('REGISTRY_UNAVAILABLE', 'expected an answer, got ECONNREFUSED: nothing listens there', true)
  return fail('REGISTRY_UNAVAILABLE', `expected an answer, got ${reason}`, true)
}
