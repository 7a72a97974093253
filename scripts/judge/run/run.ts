// Runs the spec files over candidates in this process's vitest, and gives back what was observed.
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from '../verdict/observation.ts'
import { openSpecRun, type SpecRun } from './spec-run.ts'

export type RunOptions = {
  /** Groups of candidates; each has a worker of its own. */
  readonly groups: readonly RunInput[]
  readonly specs?: string
  /** Started before, for the first group. */
  readonly started?: SpecRun | undefined
}

/** Groups that run at once: as many as the machine has cores to spare for decompression. */
const AT_ONCE = 2

/**
 * Runs the specs; never throws for what one does. An interruption ends the process (cli/interrupt.ts): vitest has no gentler end
 * that leaves no thread behind. Each group has a vitest of its own: in one with several projects
 * every worker takes files of all projects, and opens every candidate again.
 */
export async function runSpecs({ groups, specs, started }: RunOptions): Promise<RunObservations> {
  const exitCode = process.exitCode
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
    // vitest writes its own; the gate alone decides how this process ends.
    process.exitCode = exitCode
  }
}
