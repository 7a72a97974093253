// Asking a registry's token service: https://distribution.github.io/distribution/spec/auth/token/ and, with an identity
// token, https://distribution.github.io/distribution/spec/auth/oauth/
import { z } from 'zod'
import { RegistryError, SchemaError, FormatError } from '../../../errors.ts'
import { parseDocument } from '../../image/schemas.ts'
import { readBody } from '../http/body.ts'
import type { Challenge } from './challenge.ts'
import type { Credential } from './credential.ts'
import { MAX_TOKEN_BYTES } from '../http/limits.ts'
import type { Exchange, Reply } from '../http/transport.ts'
import { isLoopback, redactUrl } from '../http/url.ts'

export type Token = { readonly value: string; readonly lifeMs: number; readonly refreshToken?: string }

/** Sends, follows redirects, and gives the authorization to the first origin only. */
export type Send = (exchange: Exchange, authorization?: string, signal?: AbortSignal) => Promise<Reply>

export type TokenRequest = {
  readonly challenge: Challenge
  readonly scopes: readonly string[]
  /** The registry that the challenge came from. */
  readonly base: URL
  readonly credential: Credential | undefined
  readonly documentMs: number
  /** Turns an answer that is no token into what to throw. */
  readonly reject: (reply: Reply, credential: Credential | undefined) => Promise<RegistryError>
}

const CLIENT_ID = 'talos-image-contract'
/** The specification's default, and the least that containers/image believes. */
const LEAST_LIFE_SECONDS = 60
const MOST_LIFE_SECONDS = 24 * 60 * 60

const tokenSchema = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
})
/** It becomes a header: a line feed in it would be another one. */
const TOKEN = /^[\x21-\x7e]+$/

/** An identity token is tried first; where the service knows only the older way (404, 405), that. */
export async function fetchToken(request: TokenRequest, send: Send, signal?: AbortSignal): Promise<Token> {
  const realm = realmOf(request)
  const { credential } = request
  if (credential?.identityToken !== undefined) {
    const reply = await send(refreshExchange(realm, credential.identityToken, request), undefined, signal)
    if (reply.status !== 404 && reply.status !== 405) return readToken(reply, request)
    await reply.discard()
  }
  const url = new URL(realm)
  const service = request.challenge.parameters.get('service')
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of request.scopes) url.searchParams.append('scope', scope)
  const exchange: Exchange = { method: 'GET', url, headers: { accept: 'application/json' } }
  return readToken(await send(exchange, credential && basicAuthorization(credential), signal), request)
}

/** The header for a name and password; undefined without them. */
export function basicAuthorization({ username, password }: Credential): string | undefined {
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function refreshExchange(realm: URL, identityToken: string, { challenge, scopes }: TokenRequest): Exchange {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    service: challenge.parameters.get('service') ?? '',
    client_id: CLIENT_ID,
    scope: scopes.join(' '),
    refresh_token: identityToken,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  return { method: 'POST', url: realm, headers, body: form.toString() }
}

/** The realm gets our credentials: never in clear where the registry itself is not (CVE-2026-48978). */
function realmOf({ challenge, base }: TokenRequest): URL {
  const realm = URL.parse(challenge.parameters.get('realm') ?? '')
  const request = redactUrl(base)
  const fail = (got: string): RegistryError =>
    new RegistryError('REGISTRY_PROTOCOL', `${request}: expected the https URL of a token service, got ${got}`, {
      request,
    })
  if (realm === null) throw fail('no URL')
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') throw fail('another scheme')
  const plain = realm.protocol === 'http:'
  if (plain && (base.protocol !== 'http:' || (realm.host !== base.host && !isLoopback(realm.host)))) throw fail('http')
  if (realm.username !== '' || realm.password !== '') throw fail('one with a user')
  realm.hash = ''
  return realm
}

async function readToken(reply: Reply, { documentMs, reject, credential }: TokenRequest): Promise<Token> {
  if (reply.status !== 200) throw await reject(reply, credential)
  const shown = redactUrl(reply.url)
  const fail = (got: string, cause?: unknown): RegistryError =>
    new RegistryError('REGISTRY_PROTOCOL', `${shown}: expected a token, got ${got}`, { request: shown, cause })
  const bytes = await readBody(reply, {
    maxBytes: MAX_TOKEN_BYTES,
    documentMs,
    tooLong: (maxBytes) => fail(`more than ${maxBytes} bytes`),
  })
  const { token, access_token: accessToken, expires_in: seconds, refresh_token: refreshToken } = parseToken(bytes, fail)
  const value = token || accessToken || ''
  if (!TOKEN.test(value)) throw fail('none, or one that fits in no header')
  const life = Math.min(Math.max(seconds ?? 0, LEAST_LIFE_SECONDS), MOST_LIFE_SECONDS)
  return { value, lifeMs: life * 1000, ...(refreshToken !== undefined && { refreshToken }) }
}

type Fail = (got: string, cause?: unknown) => RegistryError

/** No message quotes what came: it may be half a token. */
function parseToken(bytes: Uint8Array, fail: Fail): z.infer<typeof tokenSchema> {
  try {
    return parseDocument(bytes, tokenSchema, 'token', {}, MAX_TOKEN_BYTES)
  } catch (error) {
    if (error instanceof SchemaError) throw fail('another shape', error)
    if (error instanceof FormatError) throw fail('something else')
    throw error
  }
}
