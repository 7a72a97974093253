// The first call pays, the rest share: a memoised promise that remembers a rejection too.

/** `read` runs once, when first asked. */
export function lazy<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    if (result === undefined) {
      result = read()
      // Every caller that awaits it gets the rejection; before the first one it is no unhandled rejection.
      result.catch(() => undefined)
    }
    return result
  }
}
