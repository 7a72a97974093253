// The message on standard error of a command that fails.
import { describeError, HarnessError, type Location } from '#harness/errors.ts'
import { renderFailureAnnotation, withoutCommands } from '../judge/outputs/annotations.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'

/** One sentence for something that is known to go wrong, and its details. */
export function renderFailure(error: Error & { readonly at?: Location | undefined }): string {
  const details = error instanceof UsageError ? error.details : []
  return [`error: ${printable(describeError(error))}`, ...details.map((line) => `  ${printable(line)}`)].join('\n')
}

/** Prints why nothing was judged, and gives the exit status: never 1, which says that something was. */
export function printFailure(error: unknown): 2 {
  const isKnown = error instanceof UsageError || isOfMachine(error)
  const few = isKnown ? undefined : fewFiles()
  const text = `${isKnown ? renderFailure(error) : (few ?? renderBug(error))}\n`
  const onGitHub = process.env['GITHUB_ACTIONS'] === 'true'
  process.stderr.write(
    onGitHub ? withoutCommands(text) + renderFailureAnnotation(codeOf(error) ?? 'not judged', text.trim()) : text,
  )
  return 2
}

/** The code of the first error of the harness in the chain of causes. */
function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof HarnessError) return at.code
  return undefined
}

/** The judge, its worker and their caches have some 60 files open; with fewer a worker ends without a word. */
const ENOUGH_FILES = 128

/** One sentence where the process may open so few files that whatever happened comes from there. */
function fewFiles(): string | undefined {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } }
  }
  const soft = userLimits?.open_files?.soft
  if (typeof soft !== 'number' || soft >= ENOUGH_FILES) return undefined
  return `error: expected to be allowed ${ENOUGH_FILES} open files at least, got ${soft}: raise it with ulimit -n 1024`
}

/** No space, no more open files, no memory for them: faults of the machine, not bugs. */
const OF_MACHINE: ReadonlySet<unknown> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'ENOMEM',
  'EPIPE',
  'EIO',
])

function isOfMachine(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && OF_MACHINE.has(error.code)
}

/** The message for an unforeseen error. */
export function renderBug(error: unknown): string {
  return `internal error, please report it: ${(error as Error).stack ?? String(error)}`
}
