// The process of a session: `node --import ./scripts/preload.mjs scripts/testing/session-process.ts SCRIPT`. Its parent sends the words of
// each command line, and gets what it said and how it ended.
import { randomUUID } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import '../selftest/workers/kept-workers.ts'
import type { Outcome } from './run-script.ts'

/** `output` is both streams as they were written. */
export type Said = Outcome & { readonly output: string }

const [, , script = ''] = process.argv
const EVENTS = ['SIGINT', 'SIGTERM', 'uncaughtException'] as const
const STREAMS = ['stdout', 'stderr'] as const

process.on('message', async (words: readonly string[]) => process.send?.(await run(words)))

/** The module of the script is run anew, and what it imports is loaded. */
async function run(words: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '', output: '' }
  const writes = STREAMS.map((name) => process[name].write)
  const listeners = EVENTS.map((name) => process.listeners(name))
  for (const name of STREAMS)
    process[name].write = (chunk: string | Uint8Array, ...more: readonly unknown[]): boolean => {
      const text = Buffer.from(chunk as Uint8Array).toString()
      said[name] += text
      said.output += text
      const done = more.at(-1)
      if (typeof done === 'function') process.nextTick(done as () => void)
      return true
    }
  process.argv = [process.execPath, script, ...words]
  process.exitCode = undefined
  try {
    await import(`${pathToFileURL(script).href}?run=${randomUUID()}`)
    return { status: Number(process.exitCode ?? 0), ...said }
  } finally {
    for (const [at, name] of STREAMS.entries()) {
      process[name].write = writes[at] as typeof process.stdout.write
      process[name].removeAllListeners('error')
    }
    for (const [at, name] of EVENTS.entries())
      for (const listener of process.listeners(name))
        if (listeners[at]?.includes(listener) === false) process.off(name, listener)
  }
}
