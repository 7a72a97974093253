// Authentication to one registry: a challenge is answered once, and all requests that get a 401 share the answer.
import { RegistryError } from '../../../errors.ts'
import { parseChallenges, type Challenge } from './challenge.ts'
import type { Credential } from './credential.ts'
import { basicAuthorization, fetchToken, type Send, type TokenRequest } from './token.ts'
import { redactUrl } from '../http/url.ts'

/** The purpose of a token. Requests for more scopes than the registry asks for have tokens of their own. */
type AuthSubject = { readonly repository: string; readonly scopes?: readonly string[] }

export type Authenticator = {
  /** The header Authorization for the next request; undefined before the first challenge. */
  current(subject: AuthSubject, signal?: AbortSignal): Promise<string | undefined>
  /**
   * A new header after a 401 with `challenges` to a request that was sent with `refused`; undefined where nothing can
   * be answered. Errors of `fetchToken` and of the credentials.
   */
  answer(
    challenges: readonly string[],
    subject: AuthSubject,
    refused: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>
  /** The origin of the credentials for `repository`; undefined before they were needed and where there are none. */
  origin(repository: string): Promise<string | undefined>
}

export type AuthenticatorOptions = Pick<TokenRequest, 'documentMs'> & {
  readonly base: () => Promise<URL>
  /** `TokenRequest.reject`, with what the token was to be for. */
  readonly reject: (...args: [...Parameters<TokenRequest['reject']>, AuthSubject]) => ReturnType<TokenRequest['reject']>
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  readonly send: Send
}

/** A token is not used any more when it has less than this to live: the request itself takes its time. */
const SAFETY_MS = 10_000

type Session = {
  readonly header: string
  /** The time of expiry; undefined for what does not expire. */
  readonly until?: number
  readonly challenge?: Challenge
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const sessions = new Map<string, Session>()
  const flights = new Map<string, Promise<string | undefined>>()
  const credentials = new Map<string, Credential | undefined>()

  const credentialFor = async (repository: string, signal?: AbortSignal): Promise<Credential | undefined> => {
    if (!credentials.has(repository)) credentials.set(repository, await options.credential(repository, signal))
    return credentials.get(repository)
  }

  const bearer = async (challenge: Challenge, subject: AuthSubject, signal?: AbortSignal): Promise<string> => {
    const { repository } = subject
    const credential = await credentialFor(repository, signal)
    const token = await fetchToken(
      {
        challenge,
        credential,
        base: await options.base(),
        scopes: scopesOf(challenge, subject),
        documentMs: options.documentMs,
        reject: (reply, used) => options.reject(reply, used, subject),
      },
      options.send,
      signal,
    )
    if (token.refreshToken !== undefined && credential?.identityToken !== undefined)
      credentials.set(repository, { ...credential, identityToken: token.refreshToken })
    const header = `Bearer ${token.value}`
    sessions.set(keyOf(subject), { header, challenge, until: performance.now() + token.lifeMs - SAFETY_MS })
    return header
  }

  const basic = async (subject: AuthSubject, signal?: AbortSignal): Promise<string | undefined> => {
    const credential = await credentialFor(subject.repository, signal)
    const header = credential && basicAuthorization(credential)
    if (header !== undefined) sessions.set(keyOf(subject), { header })
    return header
  }

  /** Callers that come while an answer is under way wait for that one. */
  const once = (key: string, action: () => Promise<string | undefined>): Promise<string | undefined> => {
    const flying = flights.get(key)
    if (flying !== undefined) return flying
    const flight = action().finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }

  return {
    async current(subject, signal) {
      const key = keyOf(subject)
      const session = sessions.get(key)
      if (session === undefined) return undefined
      const { header, until, challenge } = session
      if (until === undefined || challenge === undefined || performance.now() < until) return header
      return once(key, () => bearer(challenge, subject, signal))
    },
    async answer(headers, subject, refused, signal) {
      const key = keyOf(subject)
      const known = sessions.get(key)?.header
      if (known !== undefined && known !== refused && !flights.has(key)) return known
      return once(key, async () => {
        for (const challenge of readChallenges(headers, await options.base())) {
          const header =
            challenge.scheme === 'bearer' ? await bearer(challenge, subject, signal) : await basic(subject, signal)
          if (header !== undefined) return header
        }
        return undefined
      })
    },
    origin: async (repository) => credentials.get(repository)?.from,
  }
}

/** Challenges that we can answer, in order. A header that is broken hides nothing in the others. */
function readChallenges(headers: readonly string[], base: URL): readonly Challenge[] {
  const read: Challenge[] = []
  let broken: RegistryError | undefined
  for (const header of headers) {
    try {
      read.push(...parseChallenges(header, { path: redactUrl(base) }))
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      broken ??= error
    }
  }
  const known = read.filter(({ scheme }) => scheme === 'bearer' || scheme === 'basic')
  if (known.length === 0 && broken !== undefined) throw broken
  return known
}

/** The challenge's scope comes first: some services look at nothing else. */
function scopesOf({ parameters }: Challenge, { repository, scopes = [] }: AuthSubject): readonly string[] {
  const asked = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  if (scopes.length > 0) return mergeScopes([...asked, ...scopes])
  return asked.length > 0 ? asked : [`repository:${repository}:pull`]
}

/** One scope for each resource, with every action that any of them has. */
function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>()
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':')
    const resource = scope.slice(0, Math.max(colon, 0))
    const known = actions.get(resource) ?? new Set()
    for (const action of scope.slice(colon + 1).split(',')) known.add(action)
    actions.set(resource, known)
  }
  return [...actions].map(([resource, names]) => `${resource}:${[...names].join(',')}`)
}

function keyOf({ repository, scopes = [] }: AuthSubject): string {
  return [repository, ...scopes].join(' ')
}
