// Runs the spec files over candidates in this process's vitest, and gives back what was observed.
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from '../verdict/observation.ts'
import { openSpecRun, type SpecRun } from './spec-run.ts'

/** The exit status by which a shell reports a process ended by SIGINT: 128 + 2. */
export const INTERRUPTED = 130

export type RunOptions = {
  /** Groups of candidates; each has a worker of its own. */
  readonly groups: readonly RunInput[]
  readonly specs?: string
  /** Started before, for the first group. */
  readonly started?: SpecRun | undefined
  /** Ends the process when it is aborted: vitest has no gentler end that leaves no thread behind. */
  readonly signal?: AbortSignal
}

/** Groups that run at once: as many as the machine has cores to spare for decompression. */
const AT_ONCE = 2

/**
 * Runs the specs; never throws for what one does. Each group has a vitest of its own: in one with several projects
 * every worker takes files of all projects, and opens every candidate again.
 */
export async function runSpecs({ groups, specs, started, signal }: RunOptions): Promise<RunObservations> {
  const exitCode = process.exitCode
  const end = (): never => process.exit(INTERRUPTED)
  signal?.addEventListener('abort', end)
  try {
    const runs = await mapInParallel(
      groups,
      (run, index) => ((index === 0 ? started : undefined) ?? openSpecRun(specs)).run(run),
      AT_ONCE,
    )
    return {
      observations: runs.flatMap(({ observations }) => observations),
      runErrors: [...new Set(runs.flatMap(({ runErrors }) => runErrors))],
    }
  } finally {
    signal?.removeEventListener('abort', end)
    // vitest writes its own; the gate alone decides how this process ends.
    process.exitCode = exitCode
  }
}
