// Runs the spec files over candidates in this process's vitest, and gives back what was observed.
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from './observation.ts'
import { createObserver } from './reporter.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const SPEC_GLOB = 'specs/**/*.spec.ts'
const RUNNER = fileURLToPath(new URL('runner.ts', import.meta.url))

/** A rule may take this long: a real image is decompressed by the first rule that looks inside. */
const RULE_TIMEOUT_MS = 10 * 60_000

/** What a shell says of a process that SIGINT ended: 128 + 2. */
export const INTERRUPTED = 130

export type RunOptions = {
  /** Groups of candidates; each has a worker of its own. */
  readonly groups: readonly RunInput[]
  readonly specs?: string
  /** Ends the process when it is aborted: vitest has no gentler end that leaves no thread behind. */
  readonly signal?: AbortSignal
}

/** Groups that run at once: as many as the machine has cores to spare for decompression. */
const AT_ONCE = 2

/**
 * Never throws for what a spec does. Each group has a vitest of its own: in one with several projects every worker
 * takes files of all projects, and opens every candidate again.
 */
export async function runSpecs(options: RunOptions): Promise<RunObservations> {
  const exitCode = process.exitCode
  const end = (): never => process.exit(INTERRUPTED)
  options.signal?.addEventListener('abort', end)
  try {
    const runs = await mapInParallel(options.groups, (run) => runGroup(run, options.specs ?? SPEC_GLOB), AT_ONCE)
    return {
      observations: runs.flatMap(({ observations }) => observations),
      troubles: [...new Set(runs.flatMap(({ troubles }) => troubles))],
    }
  } finally {
    options.signal?.removeEventListener('abort', end)
    // vitest writes its own; the gate alone decides how this process ends.
    process.exitCode = exitCode
  }
}

async function runGroup(run: RunInput, specs: string): Promise<RunObservations> {
  const observer = createObserver(ROOT)
  const vitest = await startVitest(
    [],
    {
      root: ROOT,
      config: false,
      watch: false,
      reporters: [observer],
      allowOnly: false,
      passWithNoTests: true,
      maxWorkers: 1,
      // Node reads the spec files itself: nothing in them needs vite.
      experimental: { viteModuleRunner: false, nodeLoader: false },
      projects: [
        {
          test: {
            name: 'contract',
            include: [specs],
            runner: RUNNER,
            pool: 'threads',
            isolate: false,
            testTimeout: RULE_TIMEOUT_MS,
            includeTaskLocation: true,
            expect: { requireAssertions: true },
            chaiConfig: { truncateThreshold: 0 },
            retry: 0,
            provide: { run },
          },
        },
      ],
    },
    { logLevel: 'error' },
  )
  await vitest.close()
  return observer.observed()
}
