// Derives a lock, and writes it whole or not at all.
import { BUDGET } from '#harness/budget.ts'
import { HarnessError } from '#harness/errors.ts'
import { lockFromFolder } from '#build/lock/folder.ts'
import { heldExtensions, ownExtensions } from '#specs/contract/contract.ts'
import { formatLock, type Lock } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { loadContract, loadLock } from '../judge/candidates/inputs.ts'
import { printable } from '../judge/verdict/printable.ts'
import { compareLocks } from './difference.ts'
import { heldPins } from './upstream/hold.ts'
import { failureOf, LockError } from './upstream/lock-error.ts'
import { parseOptions, type LockOptions } from './options.ts'
import { updateParts, type LockPart } from './parts.ts'
import { lockFromRegistry } from './registry.ts'
import { renderLock } from './render.ts'
import { writeLock } from './write.ts'

const DRIFT = 3

/** REL-005 would ask the registry that the lock names, which never had this image. */
const EMBEDDED_REFERENCE =
  'the reference is in no registry: npm run build -- --upstream embedded writes it, and npm test takes it by --reference oci:out/reference\n'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function lock(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('nothing was written')
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    return options.check ? await check(options, interrupt.signal) : await write(options, interrupt.signal)
  } catch (error) {
    const failure = describe(interrupt.signal.aborted ? interrupt.signal.reason : error)
    process.stderr.write(`${failure.text}\n`)
    return interrupt.statusOf(failure.exit)
  } finally {
    interrupt.release()
  }
}

async function write(options: LockOptions, signal: AbortSignal): Promise<number> {
  const made =
    options.update === undefined ? await derive(options, signal) : await update(options, options.update, signal)
  signal.throwIfAborted()
  await writeLock(options.lock, formatLock(made))
  if (options.lock !== '-') process.stdout.write(printable(renderLock(made, options.lock), { lines: true }))
  if (options.lock !== '-' && options.upstream === EMBEDDED && made.reference !== undefined)
    process.stdout.write(EMBEDDED_REFERENCE)
  return 0
}

/** One part anew, of the same release. */
async function update(options: LockOptions, parts: readonly LockPart[], signal: AbortSignal): Promise<Lock> {
  const { value: locked } = (await loadLock(options.lock)) ?? { value: undefined }
  const { talos, reference } = locked ?? {}
  if (locked === undefined || talos === undefined)
    throw new UsageError(`there is no lock ${options.lock} of a release, of which a part could be made anew`)
  const image = options.reference ?? reference?.reference
  const isWanted = image !== undefined && parts.some(({ part }) => part === 'reference')
  const read = await derive({ ...options, talos, ...(isWanted && { reference: image }) }, signal)
  return updateParts(locked, read, parts)
}

async function check(options: LockOptions, signal: AbortSignal): Promise<number> {
  const loaded = await loadLock(options.lock)
  if (loaded === undefined) throw new UsageError(`there is no lock ${options.lock} to compare with`)
  const { value: locked } = loaded
  const talos = options.talos ?? (options.latest ? undefined : locked.talos)
  if (talos === undefined && !options.latest && options.from === undefined)
    throw new UsageError(`the lock ${options.lock} names no release: give one with --talos`)
  const reference = options.reference ?? locked.reference?.reference
  const held = locked.extensions?.filter(({ held: from }) => from !== undefined).map(({ name }) => name) ?? []
  const read = await derive(
    {
      ...options,
      acceptMoved: true,
      ...(held.length > 0 && options.from === undefined && { hold: held }),
      ...(talos !== undefined && { talos }),
      ...(reference !== undefined && options.from === undefined && { reference }),
    },
    signal,
  )
  const differences = compareLocks(locked, read)
  for (const difference of differences) process.stdout.write(`${printable(difference)}\n`)
  if (differences.length > 0) return DRIFT
  process.stdout.write(`${printable(options.lock)}: as upstream has it, Talos ${read.talos}\n`)
  return 0
}

async function derive(options: LockOptions, signal: AbortSignal): Promise<Lock> {
  const { from, talos } = options
  if (from === undefined) {
    const loaded = await loadContract(options.contract)
    const { value: contract } = loaded
    // What the contract holds back is read from the release that it says.
    const decided = new Set([...heldExtensions(contract), ...ownExtensions(contract)].map(({ name }) => name))
    const both = options.check ? undefined : options.hold?.find((name) => decided.has(name))
    if (both !== undefined)
      throw new UsageError(`--hold ${both}: the contract says which image it is, or of which release`)
    const hold = options.hold?.filter((name) => !decided.has(name)) ?? []
    const held = hold.length === 0 ? [] : heldPins((await loadLock(options.lock))?.value, hold)
    const terms = { contract, signal, held }
    if (options.upstream !== EMBEDDED) return lockFromRegistry(options, terms)
    // Only here: no other lock needs what makes upstream's images.
    const { lockFromEmbedded } = await import('./embedded.ts')
    return lockFromEmbedded(options, terms, loaded)
  }
  const derived = await lockFromFolder(from, options.limit ?? BUDGET)
  if (talos === undefined || derived.talos === talos) return derived
  const got = derived.talos ?? 'parts that do not say their version'
  throw new UsageError(`${from}: expected parts of Talos ${talos}, got ${got}`)
}

/** One sentence and the exit status: 1 upstream is wrong, 2 it could not be determined. */
function describe(error: unknown): { readonly text: string; readonly exit: number } {
  if (error instanceof LockError) return { text: renderFailure(error), exit: error.failure === 'wrong' ? 1 : 2 }
  if (error instanceof HarnessError) return { text: renderFailure(error), exit: failureOf(error) === 'wrong' ? 1 : 2 }
  if (error instanceof UsageError || isSystemError(error)) return { text: renderFailure(error), exit: 2 }
  return { text: renderBug(error), exit: 2 }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
