// Loads the spec files of a run, in the worker, as soon as it receives what they are to judge.
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { inject, TestRunner, type RunnerTestCase, type TestContext, type TestTryOptions } from 'vitest'
import { MODULE_EXTENSION, ROOT } from '../../root.ts'
import type { RunInput } from '#specs/support/run.ts'

/** What states the requirements of spec files that this worker loaded in a run before, by URL. */
const loaded = new Map<string, () => void>()

export class SpecRunner extends TestRunner {
  #input: Promise<RunInput | undefined> | undefined

  /**
   * vitest itself would give each file a new URL at every run, which Node compiles anew and leaves in its compile cache
   * for ever; here every file is loaded once.
   */
  override async importFile(path: string): Promise<void> {
    this.#input ??= this.#prepare()
    const input = await this.#input
    if (input === undefined) return
    Object.assign(inject('run'), input)
    const url = pathToFileURL(path).href
    const stateAgain = loaded.get(url)
    if (stateAgain !== undefined) {
      stateAgain()
      return
    }
    const { loadSpec } = await import('#specs/support/test.ts')
    loaded.set(url, await loadSpec(url))
  }

  /** The error of a rule without an assertion is made for each before it runs: with no stack trace, which nobody reads. */
  override extendTaskContext(context: TestContext): TestContext {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      return super.extendTaskContext(context)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  /** Errors are sent with the stack trace parsed, by which vitest would look for a source map of every file in it. */
  override async onAfterRetryTask(test: RunnerTestCase, options: TestTryOptions): Promise<void> {
    await super.onAfterRetryTask(test, options)
    for (const error of test.result?.errors ?? []) error.stacks ??= []
  }

  /** What the readers found is left to later runs when the worker ends, and not after each file. */
  async #prepare(): Promise<RunInput | undefined> {
    const input = await prepare()
    if (input?.keepFacts === true) this.onCleanupWorkerContext?.(saveFacts)
    return input
  }
}

/** One function, which vitest calls once however many runs the worker serves. */
async function saveFacts(): Promise<void> {
  await (await import('#specs/support/facts.ts')).saveFacts()
}

// vitest takes the default export of the file that it is given.
export default SpecRunner

/** The input of the run, undefined where there is to be none; meanwhile most of what the specs need is loaded. */
async function prepare(): Promise<RunInput | undefined> {
  const input = receive(inject('channel'))
  resolveOwn()
  await import('#specs/support/test.ts')
  return input
}

const OWN = pathToFileURL(ROOT).href
let resolvesOwn = false

/**
 * Resolves the imports between our own modules, which name whole paths. Node looks for each package.json on the way and
 * vitest reports each import to its parent: together they took a third of the time to load the specs.
 */
function resolveOwn(): void {
  if (resolvesOwn) return
  resolvesOwn = true
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const { parentURL } = context
      const url = specifier.startsWith('#')
        ? new URL(specifier.slice(1), OWN).href
        : /^\.\.?\//.test(specifier) && parentURL?.startsWith(OWN) && !parentURL.includes('/node_modules/')
          ? new URL(specifier, parentURL).href
          : undefined
      if (url === undefined || !url.endsWith(MODULE_EXTENSION)) return nextResolve(specifier, context)
      return { url, format: MODULE_EXTENSION === '.ts' ? 'module-typescript' : 'module', shortCircuit: true }
    },
  })
}

function receive(name: string): Promise<RunInput | undefined> {
  const channel = new BroadcastChannel(name)
  return new Promise((resolve) => {
    channel.addEventListener('message', (event) => {
      channel.close()
      resolve((event as MessageEvent).data as RunInput | undefined)
    })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    channel.postMessage('ready')
  })
}
