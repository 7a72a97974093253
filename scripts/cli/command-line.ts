// Command lines, as every command takes them: options, help on request, one sentence for what cannot be done.
import { CommanderError, Help, InvalidArgumentError, type Command, type Option } from 'commander'
import { UsageError } from '../judge/usage-error.ts'

export { UsageError }

/** `a, b` as its items. */
export function parseList(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

/** Parser of commander for a whole number that is not negative. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError('expected a whole number.')
  return count
}

/** Shown under --help; a test parses each. */
export function addExamples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`)
}

/** Parses `args` into `command`; false after --help was printed. UsageError, which names the help, for anything else. */
export function parseCommand(command: Command, args: readonly string[]): boolean {
  refuseEaten(command)
  command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ optionDescription: describeOption })
  try {
    command.parse([...args], { from: 'user' })
    return true
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return false
    // commander puts what it thinks was meant on a line of its own.
    const said = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    throw new UsageError(`${said} (${command.name()} --help says more)`, { cause: error })
  }
}

/** The text of an option, without the default of one that is off or empty. */
function describeOption(option: Option): string {
  const { defaultValue, description } = option
  const isNone = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0)
  return isNone ? description : new Help().optionDescription(option)
}

/** Options that npm has of its own, which may be in its configuration whatever was typed. */
const OF_NPM: readonly string[] = ['cache', 'json', 'offline', 'only', 'registry', 'yes']

/** UsageError where npm took an option for itself: without `--` before it, npm leaves it in its environment. */
function refuseEaten(command: Command, env: Readonly<Record<string, string | undefined>> = process.env): void {
  const { npm_lifecycle_script: script = '', npm_lifecycle_event: event = '' } = env
  if (!/scripts\/(?:talos-image|develop)\.ts/.test(script)) return
  const eaten = command.options
    .flatMap(({ long }) => (long === undefined ? [] : [long.slice(2)]))
    .filter((name) => !OF_NPM.includes(name) && env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined)
  if (eaten.length === 0) return
  const how = event === 'test' ? 'npm test --' : `npm run ${event} --`
  throw new UsageError(`npm took --${eaten.join(', --')} for itself: write -- before options, ${how} … --${eaten[0]} …`)
}
