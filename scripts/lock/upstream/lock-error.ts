// The reason that there is no lock: one sentence that names the image.
import { isOverBudget } from '#harness/budget.ts'
import { describeError, FormatError, HarnessError, RegistryError, VerificationError } from '#harness/errors.ts'

/** `wrong`: upstream is not as it must be. `unknown`: it could not be determined. */
export type LockFailure = 'wrong' | 'unknown'

export class LockError extends Error {
  override name = 'LockError'
  readonly failure: LockFailure

  constructor(failure: LockFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.failure = failure
  }
}

/** Runs `action`; its errors are reported as LockErrors about `image`. */
export async function about<T>(image: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    const described = describeError(error)
    throw new LockError(failureOf(error), error.message.includes(image) ? described : `${image}: ${described}`, error)
  }
}

/**
 * The distinction that a verdict makes: errors of a registry, an unsupported format, a budget or a trust root prove
 * nothing about an image.
 */
export function failureOf(error: HarnessError): LockFailure {
  if (error instanceof RegistryError) return 'unknown'
  if (error instanceof FormatError && (error.code === 'UNSUPPORTED' || isOverBudget(error))) return 'unknown'
  return error instanceof VerificationError && error.code === 'TRUST_ROOT' ? 'unknown' : 'wrong'
}
