// Several readings at once; the first failure is reported when none is running any more.
import { settleInParallel } from '#harness/oci/parallel.ts'

/** Results in order. What has not begun when one fails does not begin; what has is waited for. */
export async function inParallel<T extends readonly unknown[]>(actions: {
  readonly [Index in keyof T]: () => Promise<T[Index]>
}): Promise<T> {
  const results = await settleInParallel<() => Promise<unknown>, unknown>(actions, (action) => action())
  return results as unknown as T
}
