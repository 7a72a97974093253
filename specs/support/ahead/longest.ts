// What all rules will ask for.
import type { TalosPart } from '#harness/talos/part.ts'

/**
 * Begins the two longest decompressions side by side, on threads of their own. What fails, fails for the rules that ask.
 */
export async function beginLongest(talos: Pick<TalosPart, 'kernel' | 'modules'>): Promise<void> {
  await Promise.allSettled([talos.kernel().then((kernel) => kernel.payload()), talos.modules()])
}
