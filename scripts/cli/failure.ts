// What a command says on standard error when it does not do what it was asked for.
import { describeError, type Location } from '#harness/errors.ts'
import { printable } from '../judge/verdict/printable.ts'

/** One sentence for something that is known to go wrong. */
export function renderFailure(error: Error & { readonly at?: Location | undefined }): string {
  return `error: ${printable(describeError(error))}`
}

/** For what nobody foresaw. */
export function renderBug(error: unknown): string {
  return `internal error, please report it: ${(error as Error).stack ?? String(error)}`
}
