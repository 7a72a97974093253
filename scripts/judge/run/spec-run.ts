// One vitest in this process with one worker, which loads what the spec files need while it is still being found out
// what they are to judge.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { createVitest, type PoolRunnerInitializer, type Reporter } from 'vitest/node'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from '../verdict/observation.ts'
import { MODULE_EXTENSION, ROOT } from '../../root.ts'
import { withDataFolder } from './data-folder.ts'
import { createObserver } from './reporter.ts'

export const SPEC_GLOB = `specs/**/*.spec${MODULE_EXTENSION}`
/** The rules of a machine configuration; a rule in another folder ends as missing. */
export const CONFIG_SPEC_GLOB = `specs/config/**/*.spec${MODULE_EXTENSION}`
/** The rules of running nodes and of their machine configurations. */
export const NODE_SPEC_GLOB = `specs/{config,node}/**/*.spec${MODULE_EXTENSION}`
/** The rules of boots. */
export const BOOT_SPEC_GLOB = `specs/boot/**/*.spec${MODULE_EXTENSION}`
const RUNNER = fileURLToPath(import.meta.resolve('./runner.ts'))

/** A rule may take this long: a real image is decompressed by the first rule that looks inside. */
const RULE_TIMEOUT_MS = 10 * 60_000

/** The workers of runs: one thread for each, unless others are given. */
let workers: 'threads' | PoolRunnerInitializer = 'threads'

/** Takes the workers of all further runs of this process from `pool`. */
export function useWorkers(pool: PoolRunnerInitializer): void {
  workers = pool
}

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

export function openSpecRun(specs: string = SPEC_GLOB): SpecRun {
  const observer = createObserver(ROOT)
  const given = Promise.withResolvers<RunInput | undefined>()
  const begins = new AbortController()
  const channel = new BroadcastChannel(`talos-image-contract ${randomUUID()}`)
  const problems: string[] = []
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  const send = (input: RunInput | undefined): void => channel.postMessage(input)
  channel.addEventListener('message', async () => {
    begins.abort()
    const input = await given.promise
    try {
      send(input)
    } catch (error) {
      // The input is not plain data: the worker receives nothing to judge, for it would wait for ever.
      problems.push(`the worker was not reached: ${(error as Error).message}`)
      send(undefined)
    }
  })
  // A worker that served another run starts no thread, but asks for its input.
  const begun = once(process, 'worker', begins).catch(() => undefined)
  const ended = runVitest(specs, observer, channel.name).finally(() => {
    begins.abort()
    channel.close()
  })
  // The failure is reported to the caller of `run`.
  ended.catch(() => undefined)
  return {
    started: begun,
    async run(input) {
      given.resolve(input)
      const runError = await ended.then(
        () => [],
        (error: Error) => [`vitest did not run: ${error.message}`],
      )
      const { observations, runErrors } = observer.observed()
      return { observations, runErrors: [...problems, ...runErrors, ...runError] }
    },
    async close() {
      given.resolve(undefined)
      await ended.catch(() => undefined)
    },
  }
}

async function runVitest(specs: string, observer: Reporter, channel: string): Promise<void> {
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
              pool: workers,
              isolate: false,
              testTimeout: RULE_TIMEOUT_MS,
              expect: { requireAssertions: true },
              chaiConfig: { truncateThreshold: 0 },
              retry: 0,
              provide: { run: NOTHING, channel },
            },
          },
        ],
      },
      { logLevel: 'error' },
      { stdout: printed, stderr: printed },
    ),
  )
  // Those of vitest and vite would end the process at once: in the middle of a pull, with folders and guests left behind.
  for (const [at, signal] of SIGNALS.entries())
    for (const listener of process.listeners(signal))
      if (before[at]?.includes(listener) === false) process.off(signal, listener)
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
