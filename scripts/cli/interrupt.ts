// Ctrl-C, and what a service manager sends: the command cleans up behind itself.
import { UsageError } from './command-line.ts'

export type Interrupt = {
  readonly signal: AbortSignal
  /** Gives signals back: from here on one ends the process as it does any other. */
  readonly release: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * The signal aborts with a UsageError of this sentence; asked twice, the process does not wait for what is under way.
 */
export function catchInterrupt(sentence: string): Interrupt {
  const interrupt = new AbortController()
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(2)
    interrupt.abort(new UsageError(`interrupted: ${sentence}`))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: interrupt.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
