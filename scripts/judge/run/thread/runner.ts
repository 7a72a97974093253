// Loads the spec files of a run, in its thread, as soon as it is known what they are to judge.
import { inject, TestRunner, type RunnerTestCase, type TestContext, type TestTryOptions } from 'vitest'
import type { RunInput } from '#specs/support/run.ts'
import { takeInput } from './messages.ts'
import { resolveOwn, stateSpec } from './spec-files.ts'

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
    await stateSpec(path, input)
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
    resolveOwnBeforeVitest()
    const input = await takeInput(inject('name'))
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

let resolvesOwn = false

/** Once: the hooks of vitest are there by now, and those that come last are asked first. */
function resolveOwnBeforeVitest(): void {
  if (!resolvesOwn) resolveOwn()
  resolvesOwn = true
}
