// What a command says on standard error when it does not do what it was asked for.
import { describeError, type Location } from '#harness/errors.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'

/** One sentence for something that is known to go wrong. */
export function renderFailure(error: Error & { readonly at?: Location | undefined }): string {
  return `error: ${printable(describeError(error))}`
}

/** Prints why nothing was judged, and gives the exit status: never 1, which says that something was. */
export function printFailure(error: unknown): 2 {
  process.stderr.write(`${error instanceof UsageError ? renderFailure(error) : renderBug(error)}\n`)
  return 2
}

/** For what nobody foresaw. */
export function renderBug(error: unknown): string {
  return `internal error, please report it: ${(error as Error).stack ?? String(error)}`
}
