// The command line of `npm run lint-config`.
import { Command } from 'commander'
import { parseCommand } from '../cli/command-line.ts'

export type LintOptions = {
  readonly files: readonly string[]
  readonly variant?: string
  readonly contract?: string
  readonly lock?: string
  readonly talos?: string
  readonly json: boolean
}

const HELP = `
The first FILE is a whole machine configuration, of one document or of many; each further FILE is a strategic merge
patch over it, in the order in which they are applied.

Exit status: 0 right, 1 a must fails, 2 a must could not be judged, or the command line or a file cannot be read.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseLintOptions(args: readonly string[]): LintOptions | undefined {
  const command = new Command('npm run lint-config --')
    .description('Judge the Talos machine configuration of a node by the contract, without any image.')
    .argument('<FILE...>', 'a machine configuration, and patches over it')
    .option('--variant <NAME>', 'which variant the node is to be (default: that of the image it installs)')
    .option('--contract <FILE>', 'your decisions (default: specs/contract/contract.yaml)')
    .option('--lock <FILE>', 'the pinned Talos release: an install image of another one is told')
    .option(
      '--talos <VERSION>',
      'the Talos that reads the configuration, such as v1.13.9 (default: that of the lock, or of the install image)',
    )
    .option('--json', 'print the whole verdict instead of the findings', false)
    .addHelpText('after', HELP)
  if (!parseCommand(command, args)) return undefined
  return { ...command.opts<Omit<LintOptions, 'files'>>(), files: command.args }
}
