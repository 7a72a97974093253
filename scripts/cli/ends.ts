// The end of a command whose output or machine fails it: status 2, never 1, which says that something was judged.
import { constants } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { printFailure } from './failure.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Loads a command. A signal meanwhile ends the process with a sentence; from then on it is for the command to take. */
export async function loadOrEnd<T>(load: () => Promise<T>): Promise<T> {
  const onSignal = (name: NodeJS.Signals): void => {
    process.stderr.write('error: interrupted: nothing was begun\n')
    process.exit(128 + constants.signals[name])
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    const loaded = await load()
    // A signal that came while a module ran is delivered a whole turn of the event loop later; without a listener it would be lost.
    await setImmediate()
    await setImmediate()
    return loaded
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

/**
 * Runs a command to its exit status. Standard output that is closed or full ends nothing, so that the report is written,
 * and makes the status 2; so does an uncaught error.
 */
export async function runToEnd(command: () => Promise<number>): Promise<void> {
  let isLost = false
  process.stdout.on('error', (error) => {
    if (!isLost) process.stderr.write(`error: standard output cannot be written: ${error.message}\n`)
    isLost = true
    process.exitCode = 2
  })
  // Standard error is closed as well: there is no place to report to.
  process.stderr.on('error', () => undefined)
  process.on('uncaughtException', (error) => {
    printFailure(error)
    process.exit(2)
  })
  try {
    const status = await command()
    process.exitCode = isLost ? 2 : status
  } catch (error) {
    process.exitCode = printFailure(error)
  }
}
