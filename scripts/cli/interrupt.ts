// Ctrl-C, and what a service manager sends: the command cleans up behind itself, and ends what it has started.
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { UsageError } from './command-line.ts'
import { renderFailure } from './failure.ts'

export type Interrupt = {
  readonly signal: AbortSignal
  /** The status that a failed command ends with: by its failure, or as a shell reports a process that the signal ended. */
  readonly statusOf: (failure: number) => number
  /** Gives signals back, and ends the waiting for an answer: from here on one ends the process as it does any other. */
  readonly release: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A command that is asked to end has this long to do it by itself: the answer comes within a second. */
export const GRACE_MS = 500

/**
 * The signal aborts with a UsageError of this sentence; asked twice, or after GRACE_MS, the process does not wait for what is
 * under way: folders that are passing go with it.
 */
export function catchInterrupt(sentence: string): Interrupt {
  const interrupt = new AbortController()
  let status: number | undefined
  let waiting: NodeJS.Timeout | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    status ??= 128 + constants.signals[name]
    if (interrupt.signal.aborted) process.exit(status)
    const reason = new UsageError(`interrupted: ${sentence}`)
    waiting = setTimeout(() => {
      process.stderr.write(`${renderFailure(reason)}\n`)
      process.exit(status)
    }, GRACE_MS)
    interrupt.abort(reason)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: interrupt.signal,
    statusOf: (failure) => status ?? failure,
    release: () => {
      clearTimeout(waiting)
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

/**
 * Sends a signal to a child that leads a group (spawn with `detached`) and to what that has started; nothing where all
 * have ended.
 */
export function signalGroup({ pid }: Pick<ChildProcess, 'pid'>, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: nothing of the group is left.
  }
}
