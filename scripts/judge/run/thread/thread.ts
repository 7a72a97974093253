// The thread that runs the rules, as a worker of vitest's. It is started before vitest is: each takes a quarter of a second to load,
// on a core of its own.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PoolRunnerInitializer, PoolWorker, WorkerRequest } from 'vitest/node'
import type { ThreadMessage } from './messages.ts'

/** Threads that end with their run, and begin with `entry`. */
let entry = fileURLToPath(import.meta.resolve('./worker.ts'))
/** Threads that wait for another run, each of which keeps what it has loaded. */
const idle: Worker[] = []
let maxIdle = 0

/** From now on the threads of this process begin with the module `path`, and up to `count` of them wait for further runs. */
export function keepThreads(path: string, count: number): void {
  entry = path
  maxIdle = count
}

/** A run's hold on a thread. */
export class RuleThread implements PoolWorker {
  readonly name = 'rules'
  #listeners: readonly (readonly [event: string, callback: (...args: unknown[]) => void])[] = []
  readonly #thread: Worker
  #env: NodeJS.ProcessEnv = process.env
  readonly #isOwn: boolean
  #hasStopped = false
  /** The exit status of a thread that has ended. */
  #exit: unknown

  /**
   * Starts the thread, which loads the rules of the spec files that the glob `specs` matches. One that begins with the
   * module `own` is for this run alone.
   */
  constructor(specs: string, own?: string) {
    this.#isOwn = own !== undefined
    this.#thread = own === undefined ? (idle.pop() ?? startThread(specs, entry)) : startThread(specs, own)
    this.#thread.ref()
    // Before vitest listens, which hears of it when it does. An error is nobody's until then, and ends the command (cli/ends.ts).
    this.on('exit', (status) => (this.#exit = status))
  }

  /** The pool of the one vitest that this thread is for. */
  get pool(): PoolRunnerInitializer {
    return {
      name: this.name,
      createPoolWorker: ({ env }) => {
        this.#env = { ...env }
        return this
      },
    }
  }

  async start(): Promise<void> {
    this.send({ about: 'environment', env: this.#env })
  }

  /** Throws a DataCloneError for what is no plain data. */
  send(message: WorkerRequest | ThreadMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    this.#thread.postMessage(message)
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    const listener = [event, callback] as const
    this.#listeners = [...this.#listeners, listener]
    this.#thread.on(event, callback)
    if (event === 'exit' && this.#exit !== undefined)
      setImmediate(() => this.#listeners.includes(listener) && callback(this.#exit))
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#listeners = this.#listeners.filter((one) => one[0] !== event || one[1] !== callback)
    this.#thread.off(event, callback)
  }

  deserialize(data: unknown): unknown {
    return data
  }

  /** Ends the thread, or keeps it for another run; a second time does nothing. */
  async stop(): Promise<void> {
    if (this.#hasStopped) return
    this.#hasStopped = true
    const thread = this.#thread
    for (const [event, callback] of this.#listeners) thread.off(event, callback)
    this.#listeners = []
    if (idle.length >= maxIdle || this.#isOwn || this.#exit !== undefined) {
      await thread.terminate()
      return
    }
    thread.unref()
    idle.push(thread)
  }
}

function startThread(specs: string, module: string): Worker {
  // A thread whose output is read keeps the process from ending, also while it waits for a run.
  const thread = new Worker(module, { workerData: specs, execArgv: [], stdout: maxIdle === 0 })
  // Standard output is for the verdict.
  if (maxIdle === 0) thread.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  return thread
}
