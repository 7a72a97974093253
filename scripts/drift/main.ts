// Looks for drift, and says what there is of it.
import { HarnessError } from '#harness/errors.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { showSteps } from '../cli/steps.ts'
import { UsageError } from '../cli/command-line.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { loadContract, loadLock } from '../judge/candidates/inputs.ts'
import { printable, printableStrings } from '../judge/verdict/printable.ts'
import { writeWhole } from '../judge/verdict/report-file.ts'
import { LockError } from '../lock/upstream/lock-error.ts'
import { openSession } from '../lock/upstream/session.ts'
import { writeLock } from '../lock/write.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { openEmbeddedDrift } from './embedded.ts'
import { findDrift, type Found } from './find.ts'
import { isTalos, parseOptions, type DriftFormat, type DriftOptions } from './options.ts'
import { renderMarkdown, renderNone, renderTerminal } from './render.ts'
import { driftSchema, isDrift, type Drift } from './report.ts'
import { renderSarif } from './sarif.ts'

const DRIFT = 3
const UNKNOWN = 2

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function drift(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('nothing was written')
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    const found = await look(options, interrupt.signal)
    interrupt.signal.throwIfAborted()
    return await writeReport(found, options)
  } catch (error) {
    const failure: unknown = interrupt.signal.aborted ? interrupt.signal.reason : error
    const isExpected = failure instanceof LockError || failure instanceof HarnessError || failure instanceof UsageError
    process.stderr.write(`${isExpected ? renderFailure(failure) : renderBug(failure)}\n`)
    return interrupt.statusOf(UNKNOWN)
  } finally {
    interrupt.release()
  }
}

async function look(given: DriftOptions, signal: AbortSignal): Promise<Found> {
  const loaded = await loadContract(given.contract)
  const embedded = given.upstream === EMBEDDED ? await openEmbeddedDrift(given, loaded.value) : undefined
  const options = embedded?.options ?? given
  const contract = { ...loaded, value: embedded?.contract ?? loaded.value }
  const progress = showSteps('drift', quietTerminal(process.stderr))
  try {
    const lock = isTalos(options.from) ? undefined : (await loadLock(options.from))?.value
    if (lock === undefined && !isTalos(options.from)) throw new UsageError(`there is no lock ${options.from}`)
    const session = await openSession(options, {
      contract: contract.value,
      hasAll: embedded !== undefined,
      signal,
      note: () => undefined,
      offline: () => undefined,
      step: progress.step,
    })
    try {
      return await findDrift({ session, contract, options, lock, signal })
    } finally {
      await session.close()
    }
  } finally {
    progress.end()
    await embedded?.close()
  }
}

/** A terminal for progress; a pipe gets none, where it would mix with the findings. */
function quietTerminal(terminal: NodeJS.WriteStream): { readonly isTTY?: boolean; write(text: string): unknown } {
  return { isTTY: terminal.isTTY, write: (text) => (terminal.isTTY ? terminal.write(text) : true) }
}

async function writeReport({ drift: found, lock }: Found, options: DriftOptions): Promise<number> {
  const report = printableStrings(driftSchema.parse(found))
  for (const { format, file } of options.output) await writeWhole(file, render(format, report, options))
  if (!isDrift(report)) {
    process.stdout.write(printable(renderNone(report), { lines: true }))
    return 0
  }
  if (options.writeLock !== undefined && lock !== undefined) await writeLock(options.writeLock, formatLock(lock))
  process.stdout.write(renderTerminal(report, process.stdout))
  return DRIFT
}

function render(format: DriftFormat, report: Drift, { from }: DriftOptions): string {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`
  return format === 'markdown' ? renderMarkdown(report) : renderSarif(report, from)
}
