// Ctrl-C, and what a service manager sends: the command cleans up behind itself.
import { constants } from 'node:os'
import { UsageError } from './command-line.ts'

export type Interrupt = {
  readonly signal: AbortSignal
  /** The status that a failed command ends with: by its failure, or as a shell reports a process that the signal ended. */
  readonly statusOf: (failure: number) => number
  /** Gives signals back: from here on one ends the process as it does any other. */
  readonly release: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * The signal aborts with a UsageError of this sentence; asked twice, the process does not wait for what is under way.
 */
export function catchInterrupt(sentence: string): Interrupt {
  const interrupt = new AbortController()
  let status: number | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    status ??= 128 + constants.signals[name]
    if (interrupt.signal.aborted) process.exit(status)
    interrupt.abort(new UsageError(`interrupted: ${sentence}`))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: interrupt.signal,
    statusOf: (failure) => status ?? failure,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
