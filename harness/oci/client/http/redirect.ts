// Redirects, followed by hand: a credential goes to the registry alone, and nothing goes from https to http.
import { RegistryError } from '../../../errors.ts'
import { MAX_REDIRECTS } from './limits.ts'
import type { Exchange, Reply, Transport } from './transport.ts'
import { redactUrl } from './url.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * The answer at the end of the redirects; HEAD is not redirected. `authorization` is sent to the origin (scheme, host
 * and port) of the first URL only. RegistryError REGISTRY_PROTOCOL for a hop that must not be followed and for one hop
 * too many.
 */
export async function sendFollowing(
  transport: Transport,
  exchange: Exchange,
  authorization: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  let url = exchange.url
  for (let hops = 0; ; hops++) {
    const headers =
      authorization !== undefined && url.origin === exchange.url.origin
        ? { ...exchange.headers, authorization }
        : exchange.headers
    const reply = await transport.send({ ...exchange, url, headers }, signal)
    const [location] = reply.headers('location')
    if (!REDIRECTS.has(reply.status) || location === undefined || exchange.method === 'HEAD') return reply
    await reply.discard()
    // A body would have to be sent again: a credential, or what the registry itself shall keep.
    if (exchange.method !== 'GET') throw refused(url, `expected no redirect of a ${exchange.method}, got one`)
    if (hops >= MAX_REDIRECTS) throw refused(url, `expected at most ${MAX_REDIRECTS} redirects, got more`)
    url = nextHop(url, location)
  }
}

function nextHop(from: URL, location: string): URL {
  const to = URL.parse(location, from)
  if (to === null) throw refused(from, 'expected a URL to be redirected to, got something else')
  if (to.protocol !== 'https:' && !(to.protocol === 'http:' && from.protocol === 'http:'))
    throw refused(from, `expected a redirect to https, got ${to.protocol.slice(0, -1)}`)
  to.username = ''
  to.password = ''
  to.hash = ''
  return to
}

function refused(url: URL, text: string): RegistryError {
  const request = redactUrl(url)
  return new RegistryError('REGISTRY_PROTOCOL', `${request}: ${text}`, { request })
}
