// Workers of spec files that serve one run after the other: a thread that has loaded and compiled all rules saves most of
// the time of a run over small images.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PoolOptions, PoolRunnerInitializer, PoolWorker } from 'vitest/node'
import { useWorkers } from '../../judge/run/spec-run.ts'

const ENTRY = fileURLToPath(import.meta.resolve('./kept-worker.ts'))

/** Threads that wait for a run; each keeps what it has loaded. */
const idle: Worker[] = []
const MAX_IDLE = 2

/** A run's hold on a thread. */
class KeptWorker implements PoolWorker {
  readonly name = 'kept'
  readonly #options: PoolOptions
  readonly #listeners: [string, (...args: unknown[]) => void][] = []
  #thread: Worker | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get #started(): Worker {
    if (this.#thread === undefined) throw new Error('expected a worker that has started')
    return this.#thread
  }

  async start(): Promise<void> {
    const { env, execArgv } = this.#options
    this.#thread ??= idle.pop() ?? new Worker(ENTRY, { env: { ...env }, execArgv })
    this.#thread.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    this.#thread.postMessage({ env: { ...env } })
  }

  send(message: unknown): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    this.#started.postMessage(message)
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    this.#listeners.push([event, callback])
    this.#started.on(event, callback)
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#thread?.off(event, callback)
  }

  deserialize(data: unknown): unknown {
    return data
  }

  async stop(): Promise<void> {
    const thread = this.#started
    this.#thread = undefined
    for (const [event, callback] of this.#listeners) thread.off(event, callback)
    if (idle.length === MAX_IDLE) {
      await thread.terminate()
      return
    }
    thread.unref()
    idle.push(thread)
  }
}

const pool: PoolRunnerInitializer = { name: 'kept', createPoolWorker: (options) => new KeptWorker(options) }
useWorkers(pool)
