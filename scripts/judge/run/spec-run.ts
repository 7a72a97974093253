// One vitest in this process with one thread, which loads the spec files while it is still being found out what they are
// to judge.
import './thread/plain-http.ts'
import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Reporter } from 'vitest/node'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from '../verdict/observation.ts'
import { MODULE_EXTENSION, ROOT } from '../../root.ts'
import { withDataFolder } from './data-folder.ts'
import { createObserver } from './reporter.ts'
import { RuleThread } from './thread/thread.ts'

export const SPEC_GLOB = `specs/**/*.spec${MODULE_EXTENSION}`
/** The rules of a machine configuration; a rule in another folder ends as missing. */
export const CONFIG_SPEC_GLOB = `specs/config/**/*.spec${MODULE_EXTENSION}`
/** The rules of running nodes and of their machine configurations. */
export const NODE_SPEC_GLOB = `specs/{config,node}/**/*.spec${MODULE_EXTENSION}`
/** The rules of boots. */
export const BOOT_SPEC_GLOB = `specs/boot/**/*.spec${MODULE_EXTENSION}`
const RUNNER = fileURLToPath(import.meta.resolve('./thread/runner.ts'))

/** A rule may take this long: a real image is decompressed by the first rule that looks inside. */
const RULE_TIMEOUT_MS = 10 * 60_000

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The worker's input until it receives its own. */
const NOTHING: RunInput = { candidates: [], cacheFolder: '' }

/** A worker that was started; `run` or `close` ends it. */
export type SpecRun = {
  /** Settles when the worker has started, or has failed to. */
  readonly started: Promise<unknown>
  /** Runs, and never rejects: a vitest that does not run is a run error like any other. */
  run(input: RunInput): Promise<RunObservations>
  /** Judges nothing. */
  close(): Promise<void>
}

/** `entry`: the module that its thread begins with. */
export function openSpecRun(specs: string = SPEC_GLOB, entry?: string): SpecRun {
  const thread = new RuleThread(specs, entry)
  const observer = createObserver(ROOT)
  const name = randomUUID()
  const begun = Promise.withResolvers<void>()
  const ended = runVitest({ specs, observer, name, thread, onBegin: begun.resolve }).finally(() => {
    begun.resolve()
    return thread.stop()
  })
  // The failure is reported to the caller of `run`.
  ended.catch(() => undefined)
  const send = (input: RunInput | undefined): void => thread.send({ about: 'input', run: name, input })
  return {
    started: begun.promise,
    async run(input) {
      const problems: string[] = []
      try {
        send(input)
      } catch (error) {
        // The input is not plain data: the thread receives nothing to judge, for it would wait for ever.
        problems.push(`the worker was not reached: ${(error as Error).message}`)
        send(undefined)
      }
      const runError = await ended.then(
        () => [],
        (error: Error) => [`vitest did not run: ${error.message}`],
      )
      const { observations, runErrors } = observer.observed()
      return { observations, runErrors: [...problems, ...runErrors, ...runError] }
    },
    async close() {
      send(undefined)
      await ended.catch(() => undefined)
    },
  }
}

type VitestRun = {
  readonly specs: string
  readonly observer: Reporter
  readonly name: string
  readonly thread: RuleThread
  /** Called when vitest has been set up. */
  readonly onBegin: () => void
}

async function runVitest({ specs, observer, name, thread, onBegin }: VitestRun): Promise<void> {
  const { createVitest } = await import('vitest/node')
  const before = SIGNALS.map((signal) => process.listeners(signal))
  const printed = toStandardError()
  const vitest = await withDataFolder(() =>
    createVitest(
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
              pool: thread.pool,
              isolate: false,
              testTimeout: RULE_TIMEOUT_MS,
              expect: { requireAssertions: true },
              chaiConfig: { truncateThreshold: 0 },
              retry: 0,
              provide: { run: NOTHING, name },
            },
          },
        ],
      },
      { logLevel: 'error', css: { postcss: {} } },
      { stdout: printed, stderr: printed },
    ),
  )
  // Those of vitest and vite would end the process at once: in the middle of a pull, with folders and guests left behind.
  for (const [at, signal] of SIGNALS.entries())
    for (const listener of process.listeners(signal))
      if (before[at]?.includes(listener) === false) process.off(signal, listener)
  onBegin()
  try {
    await vitest.start()
  } finally {
    await vitest.close()
  }
}

/**
 * A stream of its own for what vitest or a spec prints: standard output is for the verdict, and vitest waits for ever for a
 * worker whose output it pipes into one that was closed.
 */
function toStandardError(): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      process.stderr.write(chunk)
      done()
    },
  })
}
