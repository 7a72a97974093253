// The command line of `npm run lint-config`.
import { Command } from 'commander'
import { addExamples, parseCommand, parseList } from '../cli/command-line.ts'
import { addTermFiles, SCHEMATIC_OPTION, termExamples, TALOS_OF_CONFIG, type TermFiles } from '../cli/judge-options.ts'
import { addVerdictOptions, type VerdictOptions } from '../cli/verdict-files.ts'

export type LintOptions = TermFiles &
  VerdictOptions & {
    readonly files: readonly string[]
    readonly variant?: string
    readonly talos?: string
    /** The base of each FILE: another file, or `generated`. */
    readonly base?: string
    readonly only?: readonly string[]
    /** The schematic of the image that is installed. */
    readonly schematic?: string
  }

/** The report beside that of `npm test`, which is about images. */
export const LINT_REPORT = 'report/lint-config.json'

const HELP = `
A FILE with a machine.type and the token or CA of its machine is the configuration of a node, of one document or of many.
A FILE behind it without them is a patch over it, strategic or JSON, in the order in which they are applied. The first FILE
is a node in any case. A file with a type alone, as talm renders it (\`# talm: nodes=[...]\` on its first line), is a patch
over the base that Talos generates, or over --base; behind another such file it is a node of its own. Files may be resources
of \`talosctl get machineconfig -o yaml\` or omnictl.

Of a DIR all .yaml files with a machine.type are nodes (talm's nodes/, talhelper's clusterconfig/); other files are listed on
standard error and not judged, folders named templates and charts are passed over. Two nodes or more are a project, whose
nodes are also held against each other (CFG-060 and up).

The variant of a node is that of --variant, of \`nodes\` in the contract, of the image it installs, or the one whose extension
services it configures.

Exit status: 0 conforms, 1 a must fails, 2 a must could not be judged, or the command line or a file cannot be read.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseLintOptions(args: readonly string[]): LintOptions | undefined {
  const command = new Command('npm run lint-config --')
    .description('Judge Talos machine configurations of nodes by the contract, without any image.')
    .argument('<FILE...>', 'machine configurations, patches over them, or folders of them')
    .option('--variant <NAME>', 'which variant the node is to be (default: that of the image it installs)')
    .option('--talos <VERSION>', TALOS_OF_CONFIG)
    .option(
      '--base <FILE>',
      "a configuration under each node, or `generated` for what Talos generates (default: under talm's)",
    )
    .option('--schematic <FILE>', SCHEMATIC_OPTION)
    .option('--only <LIST>', 'judge only these rules, with what they need: CFG-002,CFG-004', parseList)
    .addHelpText('after', HELP)
  addVerdictOptions(addTermFiles(command), LINT_REPORT)
  addExamples(command, [
    'npm run lint-config -- worker.yaml patch.yaml --variant spin-only --talos v1.13.9',
    'npm run lint-config -- --base base.yaml worker.yaml',
    'npm run lint-config -- worker.yaml --schematic schematic.yaml',
    'npm run lint-config -- worker.yaml --only CFG-002,CFG-004 --json --report verdict.json',
    'npm run lint-config -- worker.yaml --output sarif=report/config.sarif',
    ...termExamples('npm run lint-config -- worker.yaml'),
  ])
  if (!parseCommand(command, args)) return undefined
  return { ...command.opts<Omit<LintOptions, 'files'>>(), files: command.args }
}
