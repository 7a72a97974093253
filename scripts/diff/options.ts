// The command line of `npm run diff`.
import { existsSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { contractOption } from '../cli/judge-options.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { isTalos } from '../drift/options.ts'

const DIFF_FORMATS = ['markdown', 'json', 'html'] as const
export type DiffFormat = (typeof DIFF_FORMATS)[number]
type DiffOutput = { readonly format: DiffFormat; readonly file: string }

/** What one side names: a release of upstream, a lock of one, or an image. */
export type SideName = { readonly kind: 'release' | 'lock' | 'reference'; readonly text: string }

export type DiffOptions = RegistryOptions & {
  readonly was: SideName
  readonly is: SideName
  readonly config?: readonly string[]
  readonly files: boolean
  readonly contract?: string
  readonly upstream?: string
  readonly trustedRoot?: string
  readonly verify: boolean
  readonly output: readonly DiffOutput[]
}

const HELP = `
A is what runs, B what is to replace it. Each is an image, a folder or a boot medium as npm test takes them, a lock (my.lock.json),
or a release of upstream (v1.13.9). Changes have the effects of npm run drift: breaks, decide, note. With --config the machine
configuration of a node says what they come to for it: a module that it loads and that is gone, a service that waits for what it
does not give. What no upgrade may do breaks: a skipped minor, an older Talos, another variant, another architecture.
--files compares every file, down to inside squashfs. What was read of an image is kept by the digest of its manifest.

Exit status: 0 the same, 3 different, 1 something breaks, 2 it could not be determined, or the command line is wrong.`

function parseOutput(text: string, before: readonly DiffOutput[] = []): readonly DiffOutput[] {
  const at = text.indexOf('=')
  const format = DIFF_FORMATS.find((one) => one === text.slice(0, at))
  const file = text.slice(at + 1)
  if (format === undefined || file === '')
    throw new InvalidArgumentError(`expected FORMAT=FILE with a format of ${DIFF_FORMATS.join(', ')}.`)
  if (before.some((one) => one.file === file)) throw new InvalidArgumentError('expected another FILE for each output.')
  return [...before, { format, file }]
}

function nameSide(text: string): SideName {
  if (isTalos(text)) return { kind: 'release', text }
  return { kind: text.endsWith('.json') && existsSync(text) ? 'lock' : 'reference', text }
}

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseDiffOptions(args: readonly string[]): DiffOptions | undefined {
  const command = new Command('npm run diff --')
    .description('Say what changes for nodes when one image, or one release of upstream, takes the place of another.')
    .argument('<A>', 'what runs')
    .argument('<B>', 'what is to replace it')
    .option('--config <FILE...>', 'the machine configuration of a node, patches over it last')
    .option('--files', 'compare every file, down to inside squashfs', false)
    .addOption(contractOption())
    .option('--upstream <NAMESPACE>', 'where releases and locks are read, or embedded (default: as the contract says)')
    .option('--trusted-root <FILE>', 'authorities and logs for signatures (default: those of sigstore.dev)')
    .option('--no-verify', 'verify no signatures')
    .option('--output <FORMAT=FILE>', 'also write markdown, json or html; may be repeated', parseOutput, [])
    .addHelpText('after', HELP)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run diff -- ghcr.io/you/talos-spin-only:v1.13.9 oci:out/spin-only --config worker.yaml --no-verify',
    'npm run diff -- oci:out/spin-only oci:out/spin-tailscale --files --output html=report/diff.html',
    'npm run diff -- my.lock.json v1.14.2 --contract my.yaml --trusted-root trusted_root.json',
    'npm run diff -- v1.13.9 v1.14.2 --upstream embedded',
    ...registryExamples('npm run diff -- ghcr.io/you/talos-spin-only:v1.13.9 ghcr.io/you/talos-spin-only:v1.14.2'),
    ...limitExamples('npm run diff -- ghcr.io/you/talos-spin-only:v1.13.9 ghcr.io/you/talos-spin-only:v1.14.2'),
  ])
  if (!parseCommand(command, args)) return undefined
  const [was = '', is = ''] = command.args
  return { ...command.opts<Omit<DiffOptions, 'was' | 'is'>>(), was: nameSide(was), is: nameSide(is) }
}
