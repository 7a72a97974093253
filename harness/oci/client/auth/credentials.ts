// Credentials of a registry: found by exact host and path, never by a part of a name.
import { FormatError } from '../../../errors.ts'
import type { Environment } from '../../home.ts'
import { authFiles, readAuthConfig, type AuthConfig, type AuthEntry } from './config.ts'
import type { Credential } from './credential.ts'
import { askHelper } from './credential-helper.ts'

export type Target = { readonly registry: string; readonly repository: string }
export type Credentials = (target: Target, signal?: AbortSignal) => Promise<Credential | undefined>

const DOCKER_HUB = 'docker.io'
/** Docker's name for its own registry in these files. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/'
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io'])

/** The credentials that the files and helpers of this machine have; undefined for a target that none knows. */
export function machineCredentials(env: Environment = process.env): Credentials {
  return async (target, signal) => {
    for (const path of authFiles(env)) {
      const config = await readAuthConfig(path)
      const found = config === undefined ? undefined : await lookUp(config, target, env, signal)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/**
 * Looks up credentials in one file: the helper of the registry, then the store for all, then what is in the file
 * itself.
 */
async function lookUp(
  config: AuthConfig,
  target: Target,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<Credential | undefined> {
  const keys = keysOf(target)
  const server = target.registry === DOCKER_HUB ? DOCKER_HUB_KEY : target.registry
  const helper = firstOf(config.credHelpers ?? {}, keys) ?? config.credsStore
  if (helper) {
    const found = await askHelper(helper, server, config.path, env, signal)
    if (found !== undefined) return found
  }
  const entry = firstOf(config.auths ?? {}, keys)
  return entry === undefined ? undefined : readEntry(entry, config.path)
}

/** `registry/a/b`, `registry/a`, `registry`: the closest entry counts (containers-auth.json(5)). */
export function keysOf({ registry, repository }: Target): readonly string[] {
  const parts = [registry.toLowerCase(), ...repository.split('/')]
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
}

function firstOf<T>(entries: Readonly<Record<string, T>>, keys: readonly string[]): T | undefined {
  const byKey = new Map<string, T>()
  for (const [key, entry] of Object.entries(entries)) {
    const normal = normalizeKey(key)
    if (normal === key || !byKey.has(normal)) byKey.set(normal, entry)
  }
  const key = keys.find((one) => byKey.has(one))
  return key === undefined ? undefined : byKey.get(key)
}

/** Docker writes some keys as URLs: `https://index.docker.io/v1/`, `https://example.com`. */
export function normalizeKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  const isUrl = bare.length < key.length
  const path = isUrl ? bare.replace(/\/v[12]$/, '') : bare
  const slash = path.indexOf('/')
  const host = (slash < 0 ? path : path.slice(0, slash)).toLowerCase()
  return `${DOCKER_HUB_ALIASES.has(host) ? DOCKER_HUB : host}${slash < 0 ? '' : path.slice(slash)}`
}

/** `auth` is the base64 of `user:password`. An entry without any secret is what docker leaves behind for a helper. */
function readEntry(entry: AuthEntry, path: string): Credential | undefined {
  const { auth, identitytoken } = entry
  const login = auth ? decodeAuth(auth, path) : { username: entry.username ?? '', password: entry.password ?? '' }
  const hasLogin = login.username !== '' && login.password !== ''
  if (!hasLogin && !identitytoken) return undefined
  return { ...(hasLogin && login), ...(identitytoken && { identityToken: identitytoken }), from: path }
}

function decodeAuth(auth: string, path: string): { readonly username: string; readonly password: string } {
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = decoded.indexOf(':')
  if (colon < 0)
    throw new FormatError('credentials', 'MALFORMED', 'expected the base64 of user:password in auth', { at: { path } })
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}
