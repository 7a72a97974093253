// The limits of requests: every answer of a registry is bounded in size, every wait in time.
import { RETRY_POLICY, type RetryPolicy } from './retry.ts'

export type Limits = {
  /** Name, connection and TLS together. */
  readonly connectMs: number
  /** The time from the request to the headers of its answer. */
  readonly firstByteMs: number
  /**
   * The time between two pieces of a body that is sent, and from its end to the answer: a registry stores a big blob
   * first.
   */
  readonly storedMs: number
  /** The time between two pieces of a body; a slow one that goes on is fine. */
  readonly stallMs: number
  /** The time for a document as a whole: it is small, so a trickle is an attack or a broken line. */
  readonly documentMs: number
  /** The time for a blob as a whole: this, and the time that it takes at the slowest rate that is still of use. */
  readonly blobMs: number
  readonly slowestBytesPerSecond: number
  readonly retry: RetryPolicy
  /** The time for an answer that a verdict can do without, as a whole, and its tries. */
  readonly asideMs: number
  readonly asideRetry: RetryPolicy
}

export const LIMITS: Limits = {
  connectMs: 10_000,
  firstByteMs: 30_000,
  storedMs: 120_000,
  stallMs: 30_000,
  documentMs: 15_000,
  blobMs: 600_000,
  slowestBytesPerSecond: 32 << 10,
  retry: RETRY_POLICY,
  asideMs: 8000,
  asideRetry: { retries: 2, firstDelayMs: 500, longestDelayMs: 1000, budgetMs: 4000 },
}

/** The deadline of a blob of this size that is begun now, in the time of `performance.now`. */
export function blobDeadline({ blobMs, slowestBytesPerSecond }: Limits, size: number): number {
  return performance.now() + blobMs + (size / slowestBytesPerSecond) * 1000
}

/**
 * The bytes that a connection must transfer before it breaks again, or it counts as one without progress
 * (containers/image).
 */
export const PROGRESS_BYTES = 1 << 20
/** Connections in a row without progress; a server that flaps for ever is not followed for ever. */
export const MAX_FRUITLESS = 5
/** Real tokens have 1 to 4 KiB; go-containerregistry has the same bound. */
export const MAX_TOKEN_BYTES = 64 << 10
/** The part of an error's body that is read. */
export const MAX_ERROR_BYTES = 8 << 10
/** Registries and storages put one redirect between a blob and its bytes, at times two. */
export const MAX_REDIRECTS = 5
/** A page holds up to 1000 tags or 4 MiB of referrers. */
export const MAX_PAGES = 100
