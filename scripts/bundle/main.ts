// `npm run bundle`: the commands in few files, which start in half the time. `npm ci` makes it; whoever edits a module starts from
// the modules until it is made again.
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { ROOT } from '../root.ts'

/** False after --help was printed. Throws UsageError. */
export function parseBundle(args: readonly string[]): boolean {
  const command = new Command('npm run bundle').description(
    'Put the modules of the commands into few files, from which they start faster until a module is edited.',
  )
  addExamples(command, ['npm run bundle'])
  return parseCommand(command, args)
}

/** `args` without node and script. Gives the exit status. */
export async function makeBundle(args: readonly string[]): Promise<number> {
  try {
    if (!parseBundle(args)) return 0
    const { writeBundle } = await import('./bundle.ts')
    await writeBundle(ROOT)
    return 0
  } catch (error) {
    return printFailure(error)
  }
}
