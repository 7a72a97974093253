// What went wrong on the network, as Node and undici name it.

/** The code of an error or of the first one in it that has one: Node tries several addresses and throws them together. */
export function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause]
  const first = inner.find((one) => one instanceof Error)
  return first === undefined ? '' : codeOf(first)
}
