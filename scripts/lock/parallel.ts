// Several readings at once, of which the first failure is told when none is under way any more.
import { mapInParallel } from '#harness/oci/parallel.ts'

/** Results in order. What has not begun when one fails does not begin; what has is waited for. */
export async function inParallel<T extends readonly unknown[]>(actions: {
  readonly [Index in keyof T]: () => Promise<T[Index]>
}): Promise<T> {
  let failure: { readonly error: unknown } | undefined
  const results = await mapInParallel<() => Promise<unknown>, unknown>(actions, async (action) => {
    if (failure !== undefined) return
    try {
      return await action()
    } catch (error) {
      failure ??= { error }
    }
  })
  if (failure !== undefined) throw failure.error
  return results as unknown as T
}
