// A guest: started in a process group of its own, read while it runs, and ended in any case.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { ConsoleReader, type Console } from '#harness/talos/boot/console.ts'
import type { BootEnd } from '#specs/support/boot/rule.ts'
import { UsageError } from '../cli/command-line.ts'
import { signalGroup } from '../cli/interrupt.ts'

export type GuestTerms = {
  /** Seconds until /sbin/init, and behind it. */
  readonly timeout: number
  readonly settle: number
  /** Names the console in places. */
  readonly consolePath: string
  readonly signal: AbortSignal
}

export type Ended = { readonly console: Console; readonly bytes: Uint8Array; readonly end: BootEnd }

/** How a guest comes to its end; what was saved has none. */
type GuestEnd = Exclude<BootEnd['kind'], 'saved'>

/** A genuine boot prints some hundred KiB; what prints more than this is ended. */
const MAX_CONSOLE_BYTES = 4 << 20
/** What the program itself says of its arguments. */
const MAX_ERROR_BYTES = 16 << 10
/** Behind a failure init counts down and the kernel says why: that belongs to the console. */
const AFTER_TROUBLE_MS = 2000
/** QEMU ends at once; what does not is killed. */
const GRACE_MS = 3000
/**
 * A shell between this process and the program. Its standard input is a pipe from here, on which nothing comes: where this
 * process is killed the pipe ends, and the program is killed, too.
 */
const LEASH = `exec 3<&0
"$@" </dev/null 3<&- &
guest=$!
{ read -r _ <&3; kill -KILL "$guest"; } >/dev/null 2>&1 &
exec 3<&-
wait "$guest"`

/**
 * Runs `program` until its console says enough. UsageError where it cannot be started or fails by itself, and the reason of
 * `signal` where that aborts; nothing of it runs then.
 */
export async function runGuest(
  program: string,
  args: readonly string[],
  { timeout, settle, consolePath, signal }: GuestTerms,
): Promise<Ended> {
  signal.throwIfAborted()
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const leashed = ['-c', LEASH, 'sh', program, ...args]
  const child = spawn('/bin/sh', leashed, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, shell: false })
  const guard = guardGroup(child)
  const reader = new ConsoleReader({ path: consolePath })
  const chunks: Buffer[] = []
  let size = 0
  let said = ''
  const decided = Promise.withResolvers<GuestEnd>()
  const timers = [setTimeout(() => decided.resolve('time'), timeout * 1000)]
  const after = (milliseconds: number, kind: GuestEnd): void => {
    timers.push(setTimeout(() => decided.resolve(kind), milliseconds))
  }
  let [isExecuting, isTroubled] = [false, false]
  child.stdout.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, MAX_CONSOLE_BYTES - size)
    size += kept.length
    chunks.push(kept)
    reader.push(kept)
    if (kept.length < chunk.length) decided.resolve('output')
    if (!isTroubled && reader.isTroubled) {
      isTroubled = true
      after(AFTER_TROUBLE_MS, 'troubled')
    } else if (!isTroubled && !isExecuting && reader.isExecuting) {
      isExecuting = true
      clearTimeout(timers[0])
      after(settle * 1000, 'settled')
    }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, MAX_ERROR_BYTES)
  })
  const onAbort = (): void => decided.resolve('exited')
  signal.addEventListener('abort', onAbort)
  const closed = once(child, 'close').then(
    ([code, by]: unknown[]) => ({ code, by, error: undefined }),
    (error: Error) => ({ code: undefined, by: undefined, error }),
  )
  try {
    const first = await Promise.race([decided.promise, closed.then(() => 'exited' as const)])
    const at = seconds()
    await end(child, closed)
    signal.throwIfAborted()
    const { code, by, error } = await closed
    if (error !== undefined) throw new UsageError(`${program} cannot be started: ${error.message}`, { cause: error })
    // One that was ended says by which signal, or that it was told to.
    if (first === 'exited' && (code !== 0 || by !== null)) throw failure(program, { code, by, said })
    const bytes = Buffer.concat(chunks)
    return { console: reader.read(), bytes, end: { kind: first, seconds: at } }
  } finally {
    signal.removeEventListener('abort', onAbort)
    for (const timer of timers) clearTimeout(timer)
    guard.release()
  }
}

function failure(program: string, { code, by, said }: { code: unknown; by: unknown; said: string }): UsageError {
  const last = said.trim().split('\n').at(-1) ?? ''
  const how = by === null || by === undefined ? `with ${String(code)}` : `by ${String(by)}`
  return new UsageError(`${program} ended ${how}${last === '' ? '' : `: ${last.slice(0, 300)}`}`)
}

/** Asks the group to end, and kills it where it does not. */
async function end(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return
  signalGroup(child, 'SIGTERM')
  const killing = setTimeout(() => {
    signalGroup(child, 'SIGKILL')
    // What has left the group may hold the pipes open for ever.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, GRACE_MS)
  await closed
  clearTimeout(killing)
  // What the program itself has started is of its group, and may be there still.
  signalGroup(child, 'SIGKILL')
}

/** Kills the group with this process, however that ends; a terminal that is closed ends it, too. */
function guardGroup(child: ChildProcess): { readonly release: () => void } {
  const onExit = (): void => signalGroup(child, 'SIGKILL')
  const onHangUp = (): void => process.exit(129)
  process.on('exit', onExit)
  process.on('SIGHUP', onHangUp)
  return {
    release: () => {
      process.off('exit', onExit)
      process.off('SIGHUP', onHangUp)
    },
  }
}
