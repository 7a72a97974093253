// The heap of processes and workers that live long and have memory: tests, the selftest, damages.
import { setFlagsFromString } from 'node:v8'

/**
 * V8's flags: no collection of all for every 64 MiB of buffers before a heap has 512 MiB, which was a quarter of the processor
 * time; and a young generation of 3 times 32 MiB, not one that begins at 1, another eighth.
 */
export const ROOMY: readonly string[] = [
  '--external-memory-accounted-in-global-limit',
  '--initial-heap-size=512',
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
]

/** For the workers, which start after this. */
export function makeHeapRoomy(): void {
  for (const flag of ROOMY) setFlagsFromString(flag)
}
