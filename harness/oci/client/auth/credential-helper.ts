// A program that keeps credentials: https://github.com/docker/docker-credential-helpers#development
import { spawn } from 'node:child_process'
import { z } from 'zod'
import { FormatError, HarnessError, RegistryError } from '../../../errors.ts'
import { checkShape } from '../../image/schemas.ts'
import type { Environment } from '../../home.ts'
import { parseSecretJson } from './config.ts'
import type { Credential } from './credential.ts'

const answerSchema = z.looseObject({ Username: z.string(), Secret: z.string() })
const MAX_BYTES = 64 << 10
/** A keychain may ask its owner for a password first. */
const TIMEOUT_MS = 60_000
/** The name goes into the name of a program to run. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const NOT_FOUND = /credentials not found|no credentials|not found in native keychain/i
/** A user of this name means that the secret is an identity token. */
const TOKEN_USER = '<token>'

/** Asks a helper; undefined where it knows nothing of `server`. RegistryError REGISTRY_DENIED where it fails. */
export async function askHelper(
  name: string,
  server: string,
  config: string,
  env: Environment,
  signal?: AbortSignal,
): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`
  const failed = (text: string, cause?: unknown): RegistryError =>
    new RegistryError('REGISTRY_DENIED', `${program}, named in ${config}, ${text}`, { at: { path: config }, cause })
  if (!NAME.test(name)) throw failed('is no name of a credential helper')
  const { stdout, status } = await run(program, server, env, signal).catch(
    (cause: NodeJS.ErrnoException | HarnessError) => {
      if (signal?.aborted === true) throw signal.reason
      if (cause instanceof HarnessError) throw cause
      throw failed(
        cause.code === 'ENOENT' ? 'is not installed' : `cannot be run: ${cause.code ?? cause.message}`,
        cause,
      )
    },
  )
  if (status !== 0 && NOT_FOUND.test(stdout.toString('utf8'))) return undefined
  if (status !== 0) throw failed(`failed with status ${status}`)
  const value = parse(stdout, program)
  if (value.Username === '' && value.Secret === '') return undefined
  return value.Username === TOKEN_USER
    ? { identityToken: value.Secret, from: program }
    : { username: value.Username, password: value.Secret, from: program }
}

function parse(stdout: Buffer, program: string): z.infer<typeof answerSchema> {
  return checkShape(parseSecretJson(stdout, program), answerSchema, 'credentials', { path: program })
}

type Outcome = { readonly stdout: Buffer; readonly status: number | null }

function run(program: string, server: string, env: Environment, signal: AbortSignal | undefined): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
      ...(signal !== undefined && { signal }),
    })
    const chunks: Buffer[] = []
    let size = 0
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BYTES) chunks.push(chunk)
      else child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (status) => {
      if (size <= MAX_BYTES) resolve({ stdout: Buffer.concat(chunks), status })
      else
        reject(
          new FormatError('credentials', 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got more`, {
            at: { path: program },
          }),
        )
    })
    // One that ends without reading what it is asked is no reason to end with it.
    child.stdin.on('error', () => undefined)
    child.stdin.end(server)
  })
}
