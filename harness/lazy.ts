// The first call pays, the rest share: a memoised promise that remembers a rejection too.

/** `read` runs once, when first asked. */
export function lazy<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    if (result === undefined) {
      result = read()
      // Whoever awaits it gets the rejection; one that nobody awaits yet is no unhandled rejection.
      result.catch(() => undefined)
    }
    return result
  }
}
