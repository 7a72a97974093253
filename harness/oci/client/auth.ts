// Who we are to one registry: its challenges are answered once, and many requests that meet 401 share the answer.
import { RegistryError } from '../../errors.ts'
import { parseChallenges, type Challenge } from './challenge.ts'
import type { Credential } from './credentials.ts'
import { basicAuthorization, fetchToken, type Send, type TokenRequest } from './token.ts'
import { redactUrl } from './url.ts'

export type Authenticator = {
  /** The header Authorization for the next request; undefined before the first challenge. */
  current(repository: string, signal?: AbortSignal): Promise<string | undefined>
  /**
   * A new header after a 401 with `challenges` to a request that was sent with `refused`; undefined where nothing can be
   * answered. Errors of `fetchToken` and of the credentials.
   */
  answer(
    challenges: readonly string[],
    repository: string,
    refused: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>
  /** Where the credentials for `repository` are from; undefined before they were needed and where there are none. */
  origin(repository: string): Promise<string | undefined>
}

export type AuthenticatorOptions = Pick<TokenRequest, 'documentMs' | 'reject'> & {
  readonly base: () => Promise<URL>
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  readonly send: Send
}

/** A token is not used any more when it has less than this to live: the request itself takes its time. */
const SAFETY_MS = 10_000

type Session = {
  readonly header: string
  /** Undefined for what does not expire. */
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

  const bearer = async (challenge: Challenge, repository: string, signal?: AbortSignal): Promise<string> => {
    const credential = await credentialFor(repository, signal)
    const token = await fetchToken(
      { ...options, challenge, credential, base: await options.base(), scopes: scopesOf(challenge, repository) },
      options.send,
      signal,
    )
    if (token.refreshToken !== undefined && credential?.identityToken !== undefined)
      credentials.set(repository, { ...credential, identityToken: token.refreshToken })
    const header = `Bearer ${token.value}`
    sessions.set(repository, { header, challenge, until: performance.now() + token.lifeMs - SAFETY_MS })
    return header
  }

  const basic = async (repository: string, signal?: AbortSignal): Promise<string | undefined> => {
    const credential = await credentialFor(repository, signal)
    const header = credential && basicAuthorization(credential)
    if (header !== undefined) sessions.set(repository, { header })
    return header
  }

  /** Whoever comes while an answer is under way waits for that one. */
  const once = (repository: string, action: () => Promise<string | undefined>): Promise<string | undefined> => {
    const flying = flights.get(repository)
    if (flying !== undefined) return flying
    const flight = action().finally(() => flights.delete(repository))
    flights.set(repository, flight)
    return flight
  }

  return {
    async current(repository, signal) {
      const session = sessions.get(repository)
      if (session === undefined) return undefined
      const { header, until, challenge } = session
      if (until === undefined || challenge === undefined || performance.now() < until) return header
      return once(repository, () => bearer(challenge, repository, signal))
    },
    async answer(headers, repository, refused, signal) {
      const known = sessions.get(repository)?.header
      if (known !== undefined && known !== refused && !flights.has(repository)) return known
      return once(repository, async () => {
        for (const challenge of readChallenges(headers, await options.base())) {
          const header =
            challenge.scheme === 'bearer'
              ? await bearer(challenge, repository, signal)
              : await basic(repository, signal)
          if (header !== undefined) return header
        }
        return undefined
      })
    },
    origin: async (repository) => credentials.get(repository)?.from,
  }
}

/** Those that we know how to answer, in order. A header that is broken hides nothing in the others. */
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

/** What the challenge asks for comes first: some services look at nothing else. */
function scopesOf({ parameters }: Challenge, repository: string): readonly string[] {
  const asked = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  return asked.length > 0 ? asked : [`repository:${repository}:pull`]
}
