// The command line of `npm run lint-config`.
import { Command } from 'commander'
import { addExamples, parseCommand, parseList } from '../cli/command-line.ts'
import { addTermFiles, termExamples, TALOS_OF_CONFIG, type TermFiles } from '../cli/judge-options.ts'
import { addVerdictOptions, type VerdictOptions } from '../cli/verdict-files.ts'

export type LintOptions = TermFiles &
  VerdictOptions & {
    readonly files: readonly string[]
    readonly variant?: string
    readonly talos?: string
    readonly only?: readonly string[]
  }

/** Beside that of `npm test`, which is about images. */
export const LINT_REPORT = 'report/lint-config.json'

const HELP = `
The first FILE is a whole machine configuration, of one document or of many; each further FILE is a strategic merge
patch over it, in the order in which they are applied.

Exit status: 0 conforms, 1 a must fails, 2 a must could not be judged, or the command line or a file cannot be read.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseLintOptions(args: readonly string[]): LintOptions | undefined {
  const command = new Command('npm run lint-config --')
    .description('Judge the Talos machine configuration of a node by the contract, without any image.')
    .argument('<FILE...>', 'a machine configuration, and patches over it')
    .option('--variant <NAME>', 'which variant the node is to be (default: that of the image it installs)')
    .option('--talos <VERSION>', TALOS_OF_CONFIG)
    .option('--only <LIST>', 'judge only these rules, with what they need: CFG-002,CFG-004', parseList)
    .addHelpText('after', HELP)
  addVerdictOptions(addTermFiles(command), LINT_REPORT)
  addExamples(command, [
    'npm run lint-config -- worker.yaml patch.yaml --variant spin-only --talos v1.13.9',
    'npm run lint-config -- worker.yaml --only CFG-002,CFG-004 --json --report verdict.json',
    'npm run lint-config -- worker.yaml --output sarif=report/config.sarif',
    ...termExamples('npm run lint-config -- worker.yaml'),
  ])
  if (!parseCommand(command, args)) return undefined
  return { ...command.opts<Omit<LintOptions, 'files'>>(), files: command.args }
}
