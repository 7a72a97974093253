// The command line of `npm run check:mutation`.
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'

export type MutationOptions = {
  /** The beginning of the paths that are mutated. */
  readonly only?: string
  readonly json?: string
  readonly list: boolean
}

const HELP = `
Each assertion of the specs is negated, dropped and weakened, each decision beside it turned round, one at a time, in a
copy outside of the repository. A mutant is killed when the selftest would be red: a rule ends otherwise than expected
on a counterexample or a control. What survives must have a reason in scripts/mutation/survivors.yaml.

Exit status: 0 at least 90 % are killed and every survivor has its reason, 1 otherwise, 2 the command line is wrong.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseMutationOptions(args: readonly string[]): MutationOptions | undefined {
  const command = new Command('npm run check:mutation --')
    .description('Show that every assertion of the specs decides about something.')
    .option('--only <PATH>', 'mutate only files whose path begins with this: specs/oci')
    .option('--json <FILE>', 'also write what came of it as JSON')
    .option('--list', 'list the mutants and run none', false)
    .addHelpText('after', HELP)
  addExamples(command, [
    'npm run check:mutation -- --only specs/oci --json report/mutation.json',
    'npm run check:mutation -- --list',
  ])
  return parseCommand(command, args) ? command.opts<MutationOptions>() : undefined
}
