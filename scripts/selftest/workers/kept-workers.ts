// Threads of rules that serve one run after the other: one that has loaded and compiled all rules saves most of the time of a
// run over small images.
import { fileURLToPath } from 'node:url'
import { keepThreads } from '../../judge/run/thread/thread.ts'

const MAX_IDLE = 2

keepThreads(fileURLToPath(import.meta.resolve('./kept-worker.ts')), MAX_IDLE)
