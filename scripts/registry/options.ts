// The command line of `npm run registry`.
import { Command, InvalidArgumentError, Option } from 'commander'
import type { AuthOptions } from '#fixtures/simulator/registry/auth/auth.ts'
import { isRepositoryName, isTag } from '#fixtures/simulator/registry/request.ts'
import { RELEASE_NAMES, type ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { addExamples, parseCommand, parseList, UsageError } from '../cli/command-line.ts'

/** The embedded releases of a minor, or one of them: `1.11`, `v1.11.5`. */
function parseReleases(text: string): ReleaseName[] {
  return parseList(text).flatMap((item) => {
    const tag = item.startsWith('v') ? item : `v${item}`
    const found = RELEASE_NAMES.filter((name) => name === tag || name.startsWith(`${tag}.`))
    if (found.length > 0) return found
    throw new InvalidArgumentError(`expected minors or tags of ${RELEASE_NAMES.join(', ')}, got ${item}.`)
  })
}

type ServedImage = { readonly repository: string; readonly tag: string; readonly reference: string }

export type RegistryCommand = {
  readonly port: number
  readonly auth: AuthOptions
  readonly tls: boolean
  readonly storage?: string
  /** Releases of the embedded upstream. */
  readonly withUpstream?: readonly ReleaseName[]
  readonly images: readonly ServedImage[]
}

const HELP = `
An IMAGE is NAME:TAG=REFERENCE, with one of
  oci:out/spin-only[:tag]               an OCI image layout
  oci-archive:image.tar[:tag]           the same in a tar
  docker-archive:installer-arm64.tar    what upstream's imager writes

AUTH is one of
  basic:USER:PASSWORD     HTTP Basic for everything
  token                   Bearer tokens; anyone may pull, no one push
  token:USER:PASSWORD     the same, and USER may push

--with-upstream serves what siderolabs publishes of these releases, made small and signed by an authority of this run, and prints
the commands that lock and build from it. To rehearse a release to its promotion take a contract that names a key of yours
(npm run init -- DIR --registry 127.0.0.1:PORT/you --key cosign.pub --yes), and publish with --key cosign.key; "A rehearsal"
in scripts/README.md has all commands.

It listens on 127.0.0.1 only and is for tests and trying things out, not for publishing.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseRegistryCommand(args: readonly string[]): RegistryCommand | undefined {
  const command = new Command('npm run registry --')
    .description('Serve images from an OCI registry on loopback until Ctrl-C.')
    .argument('[IMAGE...]', 'what to serve; see below')
    .option('--port <N>', 'where to listen (default: one that is free)', parsePort)
    .option('--auth <AUTH>', 'whom to serve (default: everybody)', parseAuth)
    .option('--tls', 'https by an authority made for this run', false)
    .option('--storage <DIR>', 'keep everything there (default: in memory, gone at the end)')
    .addOption(
      new Option('--with-upstream <LIST>', 'also serve the embedded upstream of these minors or tags').argParser(
        parseReleases,
      ),
    )
    .addHelpText('after', HELP)
  addExamples(command, [
    'npm run registry -- talos-spin-only:v1.11.5=oci:out/spin-only --port 5000',
    'npm run registry -- --with-upstream 1.11,1.13,1.14',
    'npm run registry -- --auth token:you:secret --tls --storage registry/',
  ])
  if (!parseCommand(command, args)) return undefined
  const options = command.opts<
    Omit<RegistryCommand, 'images' | 'port' | 'auth'> & Partial<Pick<RegistryCommand, 'port' | 'auth'>>
  >()
  if (options.withUpstream !== undefined && options.storage !== undefined)
    throw new UsageError('--with-upstream is signed by an authority of this run: leave --storage out')
  return { port: 0, auth: { kind: 'none' }, ...options, images: command.args.map(parseImage) }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 0xffff) return port
  throw new InvalidArgumentError('expected a number up to 65535.')
}

function parseAuth(text: string): AuthOptions {
  const [kind = '', name = '', ...rest] = text.split(':')
  const users = rest.length > 0 && name !== '' ? [{ name, password: rest.join(':') }] : []
  if (kind === 'basic' && users.length > 0) return { kind, users }
  if (kind === 'token' && (text === 'token' || users.length > 0)) return { kind, users, anonymousPull: true }
  throw new InvalidArgumentError('expected basic:USER:PASSWORD, token or token:USER:PASSWORD.')
}

function parseImage(text: string): ServedImage {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(equals, 0))
  const colon = name.lastIndexOf(':')
  const [repository, tag] = [name.slice(0, Math.max(colon, 0)), name.slice(colon + 1)]
  if (isRepositoryName(repository) && isTag(tag)) return { repository, tag, reference: text.slice(equals + 1) }
  throw new UsageError(`expected NAME:TAG=oci:PATH, got ${JSON.stringify(text)} (npm run registry -- --help says more)`)
}
