// Several doors in one process, one behind the other: what loads once serves all, and what the worker was asked before is
// not judged again. The parent sends the arguments of each run, and gets its exit status and last line.
import { createHash } from 'node:crypto'
import { serialize } from 'node:v8'
import type { RunInput } from '#specs/support/run.ts'
import type { RunObservations } from '../../judge/verdict/observation.ts'
import { openSpecRun, type SpecRun } from '../../judge/run/spec-run.ts'
import { main } from '../../test/main.ts'
import '../workers/kept-workers.ts'
import { lastLine, type Ending } from './last-line.ts'

process.once('message', async (all: readonly (readonly string[])[]) => {
  for (const args of all) process.send?.(await run(args))
  process.disconnect?.()
})

async function run(args: readonly string[]): Promise<Ending> {
  const texts = { stdout: '', stderr: '' }
  const streams = ['stdout', 'stderr'] as const
  const writes = streams.map((name) => process[name].write)
  for (const name of streams)
    process[name].write = (chunk: string | Uint8Array): boolean => {
      texts[name] += String(chunk)
      return true
    }
  try {
    const status = await main(args, runOnce())
    return { status, last: lastLine(texts) }
  } finally {
    for (const [at, name] of streams.entries()) Object.assign(process[name], { write: writes[at] })
  }
}

const known = new Map<string, Promise<RunObservations>>()

/**
 * A worker that starts only for an input that no run before had, byte for byte as it is sent to the worker, under the same
 * environment: beside these two a worker has nothing that an option could reach it by.
 */
function runOnce(): SpecRun {
  return {
    started: Promise.resolve(),
    run(input: RunInput) {
      const key = createHash('sha256')
        .update(serialize([input, { ...process.env }]))
        .digest('hex')
      const found = known.get(key) ?? openSpecRun().run(input)
      known.set(key, found)
      return found
    },
    close: () => Promise.resolve(),
  }
}
