// The options about registries that all commands share, and the clients that follow from them.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { BUDGET, type BudgetLimits } from '#harness/budget.ts'
import { DEFAULT_CACHE } from '#harness/oci/cache/layout.ts'
import type { ClientOptions, RegistryClient } from '#harness/oci/client/client.ts'
import { machineCredentials, type Credentials } from '#harness/oci/client/auth/credentials.ts'
import { openPushClient } from '#harness/oci/push/client.ts'
import type { Waiting } from '#harness/oci/registry/limited.ts'
import { unreadable, UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'

/** The options by which a registry is reached, as all commands take them. */
type Reach = {
  readonly cache?: string
  readonly caFile?: string
  readonly insecure?: boolean
  /** Limits; absent for those of the harness. */
  readonly limit?: BudgetLimits
}

export type Login = Reach & {
  readonly username?: string
  readonly passwordStdin?: boolean
}

export type RegistryOptions = Login & {
  readonly offline?: boolean
}

/** A token of a registry has up to some KiB. */
const MAX_PASSWORD_BYTES = 64 << 10

/** `entries=100000`, over what was given before. */
function parseLimit(text: string, before: BudgetLimits = BUDGET): BudgetLimits {
  const [, name = '', value = ''] = /^([a-z]+)=(\d{1,15})$/.exec(text) ?? []
  if (!Object.hasOwn(BUDGET, name) || Number(value) === 0)
    throw new InvalidArgumentError(`expected a whole number above 0 for one of ${Object.keys(BUDGET).join(', ')}.`)
  return { ...before, [name]: Number(value) }
}

export function addReach(command: Command): Command {
  return command
    .option('--cache <DIR>', `folder for what was pulled and unpacked (default: ${DEFAULT_CACHE})`)
    .option('--ca-file <FILE>', 'PEM certificates to trust beside those of the system')
    .option('--insecure', 'speak plain HTTP where a registry speaks no TLS, also to other machines')
}

/** `--limit`, for commands that hold each reference to a budget. */
export function addLimit(command: Command): Command {
  return command.option(
    '--limit <NAME=VALUE>',
    `another limit of a reference: ${Object.keys(BUDGET).join(', ')}`,
    parseLimit,
  )
}

export function addRegistryOptions(command: Command): Command {
  return addLogin(addReach(command)).option('--offline', 'read from the cache alone what was read before')
}

export function addLogin(command: Command): Command {
  return command
    .option('--username <NAME>', 'for the registry, with --password-stdin (default: what docker and podman know)')
    .option('--password-stdin', 'read the password or token from standard input')
}

/** An example of each option of `addRegistryOptions`, behind a command line that names an image in a registry. */
export function registryExamples(line: string): readonly string[] {
  return [`${line} --offline`, ...loginExamples(line)]
}

/** An example of each option of `addReach` and `addLogin`. */
export function loginExamples(line: string): readonly string[] {
  return [`${line} --username robot --password-stdin < token`, ...reachExamples(line)]
}

/** An example of the option of `addLimit`. */
export function limitExamples(line: string): readonly string[] {
  return [`${line} --limit entries=2000000`]
}

/** An example of each option of `addReach`. */
export function reachExamples(line: string): readonly string[] {
  return [`${line} --cache /var/cache/talos`, `${line} --ca-file ca.pem`, `${line} --insecure`]
}

/**
 * The network access to `registries`; undefined where there are none, and for --offline. UsageError for options that do
 * not go together, for a CA file without certificates, and where no password comes.
 */
export async function networkOf(
  options: RegistryOptions,
  registries: ReadonlySet<string>,
): Promise<ClientOptions | undefined> {
  if ((options.passwordStdin ?? false) !== (options.username !== undefined))
    throw new UsageError('--username and --password-stdin go together')
  if (registries.size === 0) return undefined
  if (options.username !== undefined && registries.size > 1)
    throw new UsageError(
      `--username is for one registry, got references to ${[...registries].join(' and ')}: log in to them instead`,
    )
  const network = { credentials: await credentialsOf(options), ca: await readCertificates(options.caFile) }
  return options.offline === true ? undefined : { ...network, insecure: options.insecure ?? false }
}

async function credentialsOf({ username }: RegistryOptions): Promise<Credentials> {
  if (username === undefined) return machineCredentials()
  const credential = { username, password: await passwordFrom(process.stdin), from: '--username' }
  return () => Promise.resolve(credential)
}

/** The password read from each input: a command that pushes and then judges asks twice, and there is one to read. */
const PASSWORDS = new WeakMap<AsyncIterable<Buffer | string>, Promise<string>>()

function passwordFrom(input: AsyncIterable<Buffer | string>): Promise<string> {
  const read = PASSWORDS.get(input) ?? readPassword(input)
  PASSWORDS.set(input, read)
  return read
}

/** Reads all of it but the line feed that `echo` adds. */
async function readPassword(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk))
    size += chunk.length
    if (size > MAX_PASSWORD_BYTES) throw new UsageError(`--password-stdin takes at most ${MAX_PASSWORD_BYTES} bytes`)
  }
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (password === '') throw new UsageError('--password-stdin expects a password on standard input, got nothing')
  return password
}

async function readCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await readFile(resolve(path), 'utf8').catch((cause: unknown) => {
    throw unreadable(`the CA file ${path}`, cause)
  })
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(`the CA file ${path} has no certificate in PEM`)
  return text
}

/**
 * A client that may push, with the given user or the credentials of this machine; the caller closes it. Errors of
 * `networkOf`.
 */
export async function openPusher(registry: string, login: Login): Promise<RegistryClient> {
  const network = await networkOf(login, new Set([registry]))
  if (network === undefined) throw new UsageError('expected a registry')
  return openPushClient(registry, network)
}

/** A registry that is silent, told to a person at a terminal soon, in the log of a job once it is out of the ordinary. */
export function sayWaiting(terminal: NodeJS.WriteStream = process.stderr): Waiting {
  return {
    afterMs: terminal.isTTY ? 3000 : 10_000,
    notify: (message) => void terminal.write(`${printable(message)}\n`),
  }
}
