// The thread of the rules: vitest's own worker, which loads the rules before vitest has started.
import './plain-http.ts'
import { parentPort, workerData } from 'node:worker_threads'
import { init, runBaseTests, setupEnvironment } from 'vitest/worker'
// Listens from the start.
import './messages.ts'
import { loadAhead } from './spec-files.ts'

if (parentPort === null) throw new Error('expected a thread')
const port = parentPort

init({
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  post: (response) => port.postMessage(response),
  on: (callback) => void port.on('message', callback),
  off: (callback) => void port.off('message', callback),
  setup: setupEnvironment,
  runTests: (state, traces) => runBaseTests('run', state, traces),
  collectTests: (state, traces) => runBaseTests('collect', state, traces),
})
await loadAhead(workerData as string)
