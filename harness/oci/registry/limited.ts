// A client of a registry within the budget of one reference: so many requests, and so much time from the first of them.
import type { Budget } from '../../budget.ts'
import type { RegistryClient } from '../client/client.ts'

/** A word about a registry that is silent, for a person who waits: once for each repository. */
export type Waiting = { readonly afterMs: number; readonly notify: (message: string) => void }

export type Spending = {
  readonly budget: Budget
  /** Aborted with FormatError LIMIT_EXCEEDED when the time is over. */
  readonly end: AbortSignal
  /** Begins to wait for an answer of a registry that is given up after `givenUpMs`; gives what ends it. */
  wait(givenUpMs: number): () => void
  close(): void
}

/** Begins to count the time of `budget` now. `name` is the repository. */
export function openSpending(budget: Budget, name: string, waiting?: Waiting): Spending {
  const end = new AbortController()
  const { seconds } = budget.limits
  const over = (): void => end.abort(budget.exceeded('seconds', { path: name }))
  // Timers of node reach to 2^31 ms; longer is no limit to anybody who waits.
  const timer = seconds * 1000 < 2 ** 31 ? setTimeout(over, seconds * 1000) : undefined
  timer?.unref()
  let isTold = waiting === undefined
  const wait = (givenUpMs: number): (() => void) => {
    if (waiting === undefined || isTold) return () => undefined
    const { afterMs, notify } = waiting
    const silence = setTimeout(() => {
      if (isTold) return
      isTold = true
      notify(
        `${name} has not answered for ${inSeconds(afterMs)}; it is given up after ${inSeconds(givenUpMs)} or a little more`,
      )
    }, afterMs)
    silence.unref()
    return () => clearTimeout(silence)
  }
  return { budget, end: end.signal, wait, close: () => clearTimeout(timer) }
}

function inSeconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}

export function within(client: RegistryClient, { budget, end, wait }: Spending, name: string): RegistryClient {
  return {
    ...client,
    exchange: async (request, consume, signal) => {
      budget.spend('requests', 1, { path: name })
      end.throwIfAborted()
      const heard = wait((request.retry ?? client.limits.retry).budgetMs)
      const consumeHeard: typeof consume = (reply) => {
        heard()
        return consume(reply)
      }
      try {
        return await client.exchange(request, consumeHeard, signal === undefined ? end : AbortSignal.any([signal, end]))
      } finally {
        heard()
      }
    },
  }
}
