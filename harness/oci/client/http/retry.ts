// Trying again what is only busy or unreachable for a moment: exponential, jittered, and within one budget of time.
import pRetry from 'p-retry'
import { RegistryError } from '../../../errors.ts'

export type RetryPolicy = {
  readonly retries: number
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** The time for all attempts together; what the registry asks us to wait beyond it is not waited for. */
  readonly budgetMs: number
}

/** 0.5 s, 1 s, 2 s, 4 s, 8 s, each times 1 to 2: what the good clients do, and short enough for a person to wait. */
export const RETRY_POLICY: RetryPolicy = {
  retries: 5,
  firstDelayMs: 500,
  longestDelayMs: 15_000,
  budgetMs: 90_000,
}

/** No listener on the port: a server that starts again is back soon, and a port that is wrong stays wrong. */
const MAX_REFUSED = 2

function isRefused({ cause }: RegistryError): boolean {
  return cause instanceof Error && codeOf(cause) === 'ECONNREFUSED'
}

/** A temporary failure of a registry that says how long to wait. */
export class BusyError extends RegistryError {
  readonly retryAfterMs: number

  constructor(retryAfterMs: number, message: string, options: ConstructorParameters<typeof RegistryError>[2]) {
    super('REGISTRY_UNAVAILABLE', message, { ...options, temporary: true })
    this.retryAfterMs = retryAfterMs
  }
}

/** Runs `action` again after a RegistryError that is `temporary`; whatever else it throws goes through. */
export async function withRetry<T>(
  action: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<T> {
  const end = performance.now() + policy.budgetMs
  return pRetry(action, {
    retries: policy.retries,
    minTimeout: policy.firstDelayMs,
    maxTimeout: policy.longestDelayMs,
    randomize: true,
    maxRetryTime: policy.budgetMs,
    signal,
    shouldRetry: async ({ error, retryDelay, retriesConsumed }) => {
      if (!(error instanceof RegistryError) || !error.temporary) return false
      if (isRefused(error) && retriesConsumed >= MAX_REFUSED) return false
      const asked = error instanceof BusyError ? error.retryAfterMs : 0
      if (performance.now() + asked >= end) return false
      await pause(Math.max(0, asked - retryDelay), signal)
      return true
    },
  })
}

/** Rejects with the reason of `signal` as soon as that is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  if (ms <= 0) return
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/**
 * Milliseconds that a header Retry-After asks for: seconds or a date (RFC 9110, 10.2.3); undefined for what is neither.
 */
export function parseRetryAfter(text: string, now: number = Date.now()): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/**
 * The code of an error or of the first one in it that has one: Node tries several addresses and throws them together.
 */
export function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause]
  const first = inner.find((one) => one instanceof Error)
  return first === undefined ? '' : codeOf(first)
}
