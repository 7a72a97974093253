// A client of a registry within the budget of one reference: so many requests, and so much time from the first of them.
import type { Budget } from '../../budget.ts'
import type { RegistryClient } from '../client/client.ts'

/** `end` is aborted with FormatError LIMIT_EXCEEDED when the time is over. */
export type Spending = { readonly budget: Budget; readonly end: AbortSignal; close(): void }

/** Begins to count the time of `budget` now. `name` is the repository. */
export function openSpending(budget: Budget, name: string): Spending {
  const end = new AbortController()
  const { seconds } = budget.limits
  const over = (): void => end.abort(budget.exceeded('seconds', { path: name }))
  // Timers of node reach to 2^31 ms; longer is no limit to anybody who waits.
  const timer = seconds * 1000 < 2 ** 31 ? setTimeout(over, seconds * 1000) : undefined
  timer?.unref()
  return { budget, end: end.signal, close: () => clearTimeout(timer) }
}

export function within(client: RegistryClient, { budget, end }: Spending, name: string): RegistryClient {
  return {
    ...client,
    exchange: async (request, consume, signal) => {
      budget.spend('requests', 1, { path: name })
      end.throwIfAborted()
      return client.exchange(request, consume, signal === undefined ? end : AbortSignal.any([signal, end]))
    },
  }
}
