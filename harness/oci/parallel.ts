// Bounded parallelism: decompression runs on threads of its own, so a few streams at once keep them busy.

/** Streams at once; each holds a few chunks of 1 MiB, and libuv has four threads. */
const AT_ONCE = 4

/** `action` for every item, a few at a time; results in order. The first failure stops what has not begun. */
export async function mapInParallel<T, R>(
  items: readonly T[],
  action: (item: T, index: number) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<readonly R[]> {
  const results: R[] = []
  const pending = items.entries()
  let failed = false
  const work = async (): Promise<void> => {
    for (const [index, item] of pending) {
      if (failed) return
      try {
        results[index] = await action(item, index)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

/** Runs actions as they come, a few at a time; an action must not wait for another one. */
export function inTurns(atOnce = AT_ONCE): <T>(action: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (action) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await action()
    } finally {
      // The place goes to the next one as it is.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

/** As mapInParallel, but the first failure is thrown once nothing is under way any more. */
export async function settleInParallel<T, R>(
  items: readonly T[],
  action: (item: T, index: number) => Promise<R>,
  atOnce?: number,
): Promise<readonly R[]> {
  let failure: { readonly error: unknown } | undefined
  const results = await mapInParallel(
    items,
    async (item, index) => {
      if (failure !== undefined) return undefined
      try {
        return await action(item, index)
      } catch (error) {
        failure ??= { error }
        return undefined
      }
    },
    atOnce,
  )
  if (failure !== undefined) throw failure.error
  return results as readonly R[]
}
