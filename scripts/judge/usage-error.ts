// The error of everything that is given and cannot be judged or done: a reference, an option, a file.

/** One sentence for a person, exit status 2; `details` are lines of their own below it. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly details: readonly string[]

  constructor(message: string, { details = [], ...options }: ErrorOptions & { details?: readonly string[] } = {}) {
    super(message, options)
    this.details = details
  }
}
