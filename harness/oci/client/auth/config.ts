// The files in which docker, podman and their friends keep credentials:
// https://github.com/docker/cli/blob/v27.3.1/cli/config/configfile/file.go, containers-auth.json(5).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FormatError } from '../../../errors.ts'
import { absoluteOf, homeOf, personalFolder, type Environment } from '../../home.ts'
import { checkShape } from '../../image/schemas.ts'

const text = z.string().optional()
const entrySchema = z.looseObject({ auth: text, username: text, password: text, identitytoken: text })
const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: text.nullable(),
})

export type AuthEntry = z.infer<typeof entrySchema>
export type AuthConfig = z.infer<typeof configSchema> & { readonly path: string }

/** Hundreds of registries fit. */
const MAX_BYTES = 1 << 20

/** The paths of such files, of which the first that knows a registry counts: docker's, the named one, podman's two. */
export function authFiles(env: Environment): readonly string[] {
  const runtime = absoluteOf(env, 'XDG_RUNTIME_DIR')
  return [
    join(env['DOCKER_CONFIG'] || join(homeOf(env), '.docker'), 'config.json'),
    ...(env['REGISTRY_AUTH_FILE'] ? [env['REGISTRY_AUTH_FILE']] : []),
    ...(runtime ? [join(runtime, 'containers', 'auth.json')] : []),
    join(personalFolder(env, 'XDG_CONFIG_HOME', '.config'), 'containers', 'auth.json'),
  ]
}

/**
 * Reads the file; undefined where there is none. FormatError LIMIT_EXCEEDED, MALFORMED; SchemaError. No error quotes
 * the content.
 */
export async function readAuthConfig(path: string): Promise<AuthConfig | undefined> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw new FormatError('credentials', 'MALFORMED', `cannot be read: ${cause.code}`, { at: { path }, cause })
  })
  return bytes === undefined ? undefined : parseAuthConfig(bytes, path)
}

export function parseAuthConfig(bytes: Uint8Array, path: string): AuthConfig {
  if (bytes.length > MAX_BYTES)
    throw new FormatError('credentials', 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: { path },
    })
  return { ...checkShape(parseSecretJson(bytes, path), configSchema, 'credentials', { path }), path }
}

/** JSON.parse quotes the text around an error, and that may be a password. */
export function parseSecretJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new FormatError('credentials', 'MALFORMED', 'expected JSON in UTF-8, got something else', { at: { path } })
  }
}
