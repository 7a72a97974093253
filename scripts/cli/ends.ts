// The end of a command whose output or machine fails it: status 2, never 1, which says that something was judged.
import { printFailure } from './failure.ts'

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
