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

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its symbolic links lead in a circle',
}

/** The error of a file that cannot be read; `what` is the file as a person named it. */
export function unreadable(what: string, cause: unknown): UsageError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  return new UsageError(`${what} cannot be read: ${REASONS[code] ?? message}`, { cause })
}
