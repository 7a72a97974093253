// From the first word of a command line to the command of that name.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { loadOrEnd, runToEnd } from './ends.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printFailure } from './failure.ts'
import { assertRuntime } from './runtime.ts'
import { takeWorkingFolder } from './working-folder.ts'

/** A command: takes what was typed behind its name, gives the exit status. */
type Command = (args: readonly string[]) => Promise<number>

/**
 * A command by its name: what it does, and its module, loaded on its own: the packages behind it do not even load on the Node
 * that the guard refuses.
 */
export type Commands = Readonly<Record<string, readonly [about: string, load: () => Promise<Command>]>>

/** Runs the command that this process was started for; `program` is how it is typed. Sets the exit status. */
export async function dispatch(program: string, commands: Commands): Promise<void> {
  assertRuntime()
  const folder = takeWorkingFolder()
  if (!enter(folder)) return
  const [name = '', ...args] = process.argv.slice(2)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) await runToEnd(async () => (await loadOrEnd(command[1]))(args))
  else if (name === '--help' || name === '-h') process.stdout.write(renderUsage(program, commands))
  else if (name === '--version') process.stdout.write(await renderVersion())
  else {
    const known = Object.keys(commands).join(', ')
    process.stderr.write(`error: expected a command (${known}), got ${JSON.stringify(name)}\n`)
    process.exitCode = 2
  }
}

/** Paths that are typed are relative to the folder, and what is written lands there. False where it is none. */
function enter(folder: string | undefined): boolean {
  try {
    if (folder !== undefined) process.chdir(folder)
    return true
  } catch (error) {
    process.exitCode = printFailure(
      new UsageError(
        `INIT_CWD: expected the folder that npm was called in, got ${folder}: ${(error as Error).message}`,
      ),
    )
    return false
  }
}

function renderUsage(program: string, commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, [about]]) => `  ${name.padEnd(width)}  ${about}\n`)
  return `Usage: ${program} COMMAND [ARGUMENT…]\n\n${lines.join('')}\n${program} COMMAND --help has its options and examples.\n`
}

/** `talos-image-contract 0.1.0, rules 0.2.0, Node 26.10.0` */
async function renderVersion(): Promise<string> {
  const versionOf = async (path: string): Promise<string> =>
    (JSON.parse(await readFile(join(ROOT, path), 'utf8')) as { readonly version: string }).version
  const [own, rules] = [await versionOf('package.json'), await versionOf('specs/contract/rule-index.json')]
  return `talos-image-contract ${own}, rules ${rules}, Node ${process.versions.node}\n`
}
