// All that publishing asks for before anything is pushed, so that what is missing is told at once.
import { SigningError } from '#build/signing/signer.ts'
import { UsageError } from '../judge/usage-error.ts'
import { RefusedError } from './gate.ts'

/**
 * What is asked for, in order. Where one thing is missing its own error; where several are, a UsageError with a line for
 * each. Other errors go through.
 */
export async function gather<T extends readonly unknown[]>(asked: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  const settled = await Promise.allSettled(asked)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  const [first] = errors
  if (first === undefined) return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T
  const bug = errors.find((error) => ![UsageError, RefusedError, SigningError].some((type) => error instanceof type))
  if (bug !== undefined || errors.length === 1) throw bug ?? first
  const details = errors.flatMap((error) => [error.message, ...(error instanceof UsageError ? error.details : [])])
  throw new UsageError(`${errors.length} things are missing before anything is published:`, { details, cause: first })
}
