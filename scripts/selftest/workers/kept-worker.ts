// The thread of a kept worker: vitest's own, for more than one run. What a run leaves open is closed when it ends.
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { init, runBaseTests, setupEnvironment } from 'vitest/worker'
import '../../judge/run/thread/messages.ts'

if (parentPort === null) throw new Error('expected a thread')
const port = parentPort

/** Files of the run. */
const opened = new Set<FileHandle>()
const { open } = fs
fs.open = async (...args) => {
  const file = await open(...args)
  opened.add(file)
  return file
}
syncBuiltinESMExports()

/** The environment of vitest is set up once: it registers hooks of the loader. */
let environment: Promise<unknown> | undefined

/** The thread's own, and that of the first run: hooks of the loader go on calling through it. */
const KEPT_LISTENERS = 2
/** Listeners of vitest, which takes none away: one of the thread, and one of every run. */
const listeners: Parameters<Parameters<typeof init>[0]['on']>[0][] = []

init({
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  post: (response) => port.postMessage(response),
  on(callback) {
    listeners.push(callback)
    port.on('message', callback)
  },
  off: (callback) => port.off('message', callback),
  async setup(context) {
    environment ??= setupEnvironment(context)
    await environment
    return endRun
  },
  runTests: (state, traces) => runBaseTests('run', state, traces),
  collectTests: (state, traces) => runBaseTests('collect', state, traces),
})

async function endRun(): Promise<void> {
  for (const callback of listeners.splice(KEPT_LISTENERS)) port.off('message', callback)
  const files = [...opened]
  opened.clear()
  await Promise.allSettled(files.map((file) => file.close()))
}
