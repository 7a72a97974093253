// `npm run bundle`: the commands in few files, which start in half the time. `npm ci` makes it; whoever edits a module starts from
// the modules until it is made again.
import { stripVTControlCharacters } from 'node:util'
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { UsageError } from '../judge/usage-error.ts'
import { ROOT } from '../root.ts'
import { BUNDLE_FOLDER } from './fresh.ts'

const ABOUT = `
npm ci makes it (as does npx, the first time), below ${BUNDLE_FOLDER}. The commands for users start from it, those of developers
(check, selftest, rule-index, …) never. It counts while each of its modules, the list of installed packages and Node are those that it
was made of: whoever edits a module starts from the modules again, and from it where the edit is taken back. What is edited inside of
node_modules is not seen. To be rid of it, remove that folder.
`

/** False after --help was printed. Throws UsageError. */
export function parseBundle(args: readonly string[]): boolean {
  const command = new Command('npm run bundle --').description(
    'Put the modules of the commands into few files, from which they start faster until a module is edited.',
  )
  command.addHelpText('after', ABOUT)
  addExamples(command, ['npm run bundle'])
  return parseCommand(command, args)
}

/** `args` without node and script. Gives the exit status. */
export async function makeBundle(args: readonly string[]): Promise<number> {
  try {
    if (!parseBundle(args)) return 0
    const { writeBundle } = await import('./bundle.ts')
    const modules = await writeBundle(ROOT).catch((error: unknown) => {
      throw unreadable(error) ?? error
    })
    process.stdout.write(`${modules} modules in ${BUNDLE_FOLDER}, from which the commands start until one is edited\n`)
    return 0
  } catch (error) {
    return printFailure(error)
  }
}

/** What a person can mend: a module that cannot be read, a folder that cannot be written; undefined for any other failure. */
function unreadable(error: unknown): UsageError | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && ['EACCES', 'EROFS', 'ENOSPC'].includes(String(error.code)))
    return new UsageError(`${BUNDLE_FOLDER} cannot be written: ${String(error.code)}`, { cause: error })
  if (!('errors' in error)) return undefined
  const [, what = error.message, place = ''] = stripVTControlCharacters(error.message)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const [, at = 'a module'] = /\[ (\S+) \]/.exec(place) ?? []
  return new UsageError(`${at} cannot be read, so that there is no new bundle: ${what}`, { cause: error })
}
