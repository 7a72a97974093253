// A client of a registry that is written to: every request of it is made with a token that may pull and push, so that
// one token serves for all. https://distribution.github.io/distribution/spec/auth/scope/
import type { Digest } from '../../bytes/digest.ts'
import { RegistryError } from '../../errors.ts'
import { openRegistryClient, type ClientOptions, type RegistryClient } from '../client/client.ts'
import { askPresence } from '../client/presence.ts'
import type { Reply } from '../client/http/transport.ts'
import { redactUrl } from '../client/http/url.ts'

export type PushOptions = {
  readonly signal?: AbortSignal | undefined
  /** A callback with the number of bytes that were sent or need not be; negative where some must be sent again. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

export function openPushClient(registry: string, options: ClientOptions): RegistryClient {
  const client = openRegistryClient(registry, options)
  return {
    ...client,
    exchange: (request, consume, signal) =>
      client.exchange({ scopes: [scopeOf(request.repository, 'pull,push')], ...request }, consume, signal),
  }
}

export function scopeOf(repository: string, actions: string): string {
  return `repository:${repository}:${actions}`
}

/** A registry that cannot say is taken to have nothing. */
export async function isBlobThere(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await askPresence(client, repository, { kind: 'blobs', digest }, signal)) === true
}

/**
 * The address where an upload continues, by its answer's Location: relative or whole, its query kept as it is.
 * RegistryError REGISTRY_PROTOCOL where there is none, or it leads out of TLS.
 */
export function locationOf(reply: Reply): URL {
  const [text = ''] = reply.headers('location')
  const request = redactUrl(reply.url)
  const fail = (got: string): RegistryError =>
    new RegistryError('REGISTRY_PROTOCOL', `${request}: expected a Location to upload to, got ${got}`, { request })
  if (text === '') throw fail('none')
  const location = URL.parse(text, reply.url)
  if (location === null) throw fail('no URL')
  if (location.protocol !== 'https:' && !(location.protocol === 'http:' && reply.url.protocol === 'http:'))
    throw fail(`one of ${location.protocol.slice(0, -1)}`)
  location.username = ''
  location.password = ''
  location.hash = ''
  return location
}

/** The query that is there already is the registry's own state: it is added to, and not encoded anew. */
export function withParameter(location: URL, name: string, value: string): URL {
  const changed = new URL(location)
  changed.search = `${location.search === '' ? '?' : `${location.search}&`}${name}=${encodeURIComponent(value)}`
  return changed
}
