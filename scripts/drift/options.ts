// The command line of `npm run drift`.
import { Command, InvalidArgumentError } from 'commander'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { contractOption, waiversOption } from '../cli/judge-options.ts'
import {
  addLimit,
  addLogin,
  addReach,
  limitExamples,
  reachExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { lockPlace } from '../judge/candidates/inputs.ts'

const DRIFT_FORMATS = ['markdown', 'json', 'sarif'] as const
export type DriftFormat = (typeof DRIFT_FORMATS)[number]
type DriftOutput = { readonly format: DriftFormat; readonly file: string }

export type DriftOptions = RegistryOptions & {
  /** A lock file, or a release of which the lock is read first. */
  readonly from: string
  readonly to: string
  readonly pre: boolean
  /** Registry and namespace; `embedded` for the upstream of the tests. */
  readonly upstream?: string
  /** The repository of CozyStack's images, instead of the one that the lock names. */
  readonly reference?: string
  readonly contract?: string
  readonly config?: readonly string[]
  readonly waivers?: string
  readonly advisories?: string
  readonly trustedRoot?: string
  readonly verify: boolean
  readonly judge: boolean
  readonly writeLock?: string
  readonly output: readonly DriftOutput[]
}

const TALOS = /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/
const LATEST = 'latest'

const HELP = `
Asks upstream's registry which releases are newer than the one of the lock, reads the newest that the contract admits and the
newest at all, and says what is otherwise: what it was and is, whether it breaks something, asks for a decision or is only
worth knowing, which rules, entries of the contract and fields of a machine configuration it touches, and what to do. Then
both variants are built on the newest that the contract admits, and judged, in a folder that goes with them; a machine
configuration by itself, as that Talos reads it, but for its install image (CFG-004), which the upgrade names.

Exit status: 0 no drift; 3 drift; 2 it could not be determined, or the command line is wrong: nothing is written then.`

/** True where the text names a release rather than a file. */
export function isTalos(text: string): boolean {
  return TALOS.test(text)
}

function parseOutput(text: string, before: readonly DriftOutput[] = []): readonly DriftOutput[] {
  const at = text.indexOf('=')
  const format = DRIFT_FORMATS.find((one) => one === text.slice(0, at))
  const file = text.slice(at + 1)
  if (format === undefined || file === '')
    throw new InvalidArgumentError(`expected FORMAT=FILE with a format of ${DRIFT_FORMATS.join(', ')}.`)
  if (before.some((one) => one.file === file)) throw new InvalidArgumentError('expected another FILE for each output.')
  return [...before, { format, file }]
}

function parseTo(text: string): string {
  if (text === LATEST || isTalos(text)) return text
  throw new InvalidArgumentError(`expected latest or a tag of Talos such as v1.14.2.`)
}

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): DriftOptions | undefined {
  const command = new Command('npm run drift --')
    .description('Say what a new Talos release changes for these images, before anyone builds on it.')
    .option(
      '--from <LOCK|TAG>',
      'the lock, or a release such as v1.13.9 (default: yours, or the one that is shipped)',
      lockPlace(),
    )
    .option('--to <TAG>', 'the release to look at, or latest', parseTo, LATEST)
    .option('--pre', 'pre-releases count', false)
    .option('--upstream <NAMESPACE>', 'where upstream is read, or embedded (default: as the contract says)')
    .option('--reference <REPOSITORY>', 'where the images are that ours are compared with (default: as the lock says)')
    .addOption(contractOption())
    .option('--config <FILE...>', 'judge this machine configuration too, patches over it last')
    .option('--advisories <FILE>', 'known-bad releases and extensions beside those that are shipped')
    .addOption(waiversOption())
    .option('--trusted-root <FILE>', 'authorities and logs for signatures (default: those of sigstore.dev)')
    .option('--no-verify', 'verify no signatures')
    .option('--no-judge', 'build and judge nothing')
    .option('--write-lock <FILE>', 'the lock that was judged, if it was read whole and verified')
    .option('--output <FORMAT=FILE>', 'also write markdown, json or sarif; may be repeated', parseOutput, [])
    .addHelpText('after', HELP)
  addExamples(addLimit(addLogin(addReach(command))), [
    'npm run drift -- --from my.lock.json --to v1.14.2 --config worker.yaml',
    'npm run drift -- --from v1.13.9 --pre --upstream embedded --no-judge',
    'npm run drift -- --contract my.yaml --waivers my-waivers.yaml --advisories my-advisories.yaml',
    'npm run drift -- --reference ghcr.io/cozystack/cozystack/talos --trusted-root trusted_root.json',
    'npm run drift -- --output markdown=report/drift.md --write-lock my.lock.json',
    'npm run drift -- --no-verify --username robot --password-stdin < token',
    ...reachExamples('npm run drift --'),
    ...limitExamples('npm run drift --'),
  ])
  if (!parseCommand(command, args)) return undefined
  const options = command.opts<DriftOptions>()
  if (options.writeLock !== undefined && !options.verify)
    throw new UsageError('--write-lock writes what was verified: leave --no-verify out')
  return options
}
