// The error of everything that is given and cannot be judged or done: a reference, an option, a file.

/** One sentence for a person, exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}
