// A worker: `node --import ./scripts/preload.mjs scripts/mutation/worker/main.ts JOB` runs spec files over candidates in one vitest.
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { deserialize } from 'node:v8'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest, type Reporter, type TestModule } from 'vitest/node'
import type { RunInput } from '#specs/support/run.ts'
import { mutantOf } from './mutant-of.ts'
import type { LogRecord, Plan } from './plan.ts'

export type Job = {
  /** Spec files by the plan; or unit tests, of which only the end is reported. */
  readonly kind: 'rules' | 'unit'
  readonly root: string
  readonly include: readonly string[]
  readonly run: RunInput
  readonly plan: Plan
}

/** A mutant that makes a rule wait for ever is killed by this. */
const TEST_TIMEOUT_MS = 50_000

const job = deserialize(await readFile(process.argv[2] ?? '')) as Job

const reporter: Reporter = {
  onTestModuleEnd(module: TestModule) {
    const { moduleId } = module
    const broken = job.kind === 'unit' ? module.state() === 'failed' : module.errors().length > 0
    const file = relative(job.root, moduleId)
    const record: LogRecord = { kind: 'end', mutant: mutantOf(moduleId), file, broken }
    appendFileSync(job.plan.log, `${JSON.stringify(record)}\n`)
  },
}

const vitest = await startVitest(
  [],
  {
    root: job.root,
    config: false,
    watch: false,
    reporters: [reporter],
    maxWorkers: 1,
    passWithNoTests: true,
    projects: [
      {
        test: {
          name: 'mutation',
          include: [...job.include],
          setupFiles: job.kind === 'unit' ? [] : [fileURLToPath(new URL('setup.ts', import.meta.url))],
          pool: 'threads',
          isolate: false,
          testTimeout: TEST_TIMEOUT_MS,
          expect: { requireAssertions: true },
          provide: { run: job.run, plan: job.plan },
        },
      },
    ],
  },
  { logLevel: 'error' },
)
await vitest.close()
process.exit(0)
