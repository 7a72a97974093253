// The command line of `npm run build`.
import { Command, InvalidArgumentError, Option } from 'commander'
import { addExamples, parseCommand, parseList } from '../cli/command-line.ts'
import { contractOption } from '../cli/judge-options.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'

export type BuildOptions = RegistryOptions & {
  readonly variant?: readonly string[]
  readonly upstream?: string
  readonly lock?: string
  readonly contract?: string
  readonly output: string
  readonly revision?: string
  readonly workers?: number
  readonly dryRun: boolean
  readonly profileOnly: boolean
}

const HELP = `
Every part is taken by the digest that the lock pins; the same lock and contract give the same bytes.
The result is an OCI image layout for each variant, DIR/<variant>, with the installer as vX.Y.Z and the asset tree as
vX.Y.Z-assets. It is there whole or not at all.

Exit status: 0 built, 1 a part is not what the lock says or does not fit, 2 the command line, the lock, the disk.`

function parseWorkers(text: string): number {
  const workers = Number(text)
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) throw new InvalidArgumentError('expected 1 … 64.')
  return workers
}

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): BuildOptions | undefined {
  const command = new Command('npm run build --')
    .description('Build the Talos images of the contract from upstream’s parts, without Docker and root.')
    .addOption(new Option('--variant <LIST>', 'which of the contract’s variants (default: all)').argParser(parseList))
    .option(
      '--upstream <WHERE>',
      'where the parts are: a folder, a registry’s namespace, or `embedded` for the small upstream of the tests (default: where the lock says)',
    )
    .option(
      '--lock <FILE>',
      'facts of the upstream release (default: talos-image.lock.json, or specs/contract/upstream.lock.json)',
    )
    .addOption(contractOption())
    .option('--output <DIR>', 'where the layouts go', 'out')
    .option('--revision <TEXT>', 'what the revision label says (default: 40 hex digits of lock and contract)')
    .addOption(new Option('--workers <N>', 'blocks compressed at once; changes no byte').argParser(parseWorkers))
    .option('--dry-run', 'say what would be built of what, with digests and sizes', false)
    .option('--profile-only', 'write profiles for upstream’s own imager instead', false)
    .addHelpText('after', HELP)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run build -- --variant spin-only --upstream embedded --output out',
    'npm run build -- --lock my.lock.json --contract my.yaml --revision 0a1b2c3d --workers 2',
    'npm run build -- --dry-run',
    'npm run build -- --profile-only',
    ...registryExamples('npm run build -- --upstream mirror.example.net/siderolabs'),
    ...limitExamples('npm run build -- --upstream mirror.example.net/siderolabs'),
  ])
  if (!parseCommand(command, args)) return undefined
  return command.opts<BuildOptions>()
}
