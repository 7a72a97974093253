// Worker processes, two at a time: a mutant that never ends or eats all memory takes down no more than its worker.
import { spawn } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { ROOT } from '../root.ts'
import type { Job } from './worker/main.ts'
import type { LogRecord } from './worker/plan.ts'

const WORKER = fileURLToPath(new URL('worker/main.ts', import.meta.url))
/** A worker that says nothing for so long is in a loop that a mutant made. */
const SILENCE_MS = 60_000
const LOOK_MS = 1000
/** The default heap of `npm run selftest`; a mutant that fills it is killed by that. */
const HEAP_MIB = 4096

export type JobResult = { readonly records: readonly LogRecord[]; readonly silent: boolean; readonly said: string }

let jobs = 0

/** Runs one job in a process of its own; `onRecord` hears how far it is. */
export async function runJob(
  folder: string,
  job: Omit<Job, 'plan'> & { readonly plan: Omit<Job['plan'], 'log'> },
): Promise<JobResult> {
  const name = `job-${(jobs += 1)}`
  const log = join(folder, `${name}.log`)
  const path = join(folder, `${name}.bin`)
  await writeFile(log, '')
  await writeFile(path, serialize({ ...job, plan: { ...job.plan, log } }))
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MIB}`, '--import', './scripts/preload.mjs', WORKER, path],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  let silent = false
  const timer = setInterval(() => {
    void stat(log).then(({ mtimeMs }) => {
      if (Date.now() - mtimeMs < SILENCE_MS) return
      silent = true
      child.kill('SIGKILL')
    })
  }, LOOK_MS)
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  clearInterval(timer)
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '')
  return { records: lines.map((line) => JSON.parse(line) as LogRecord), silent, said }
}
