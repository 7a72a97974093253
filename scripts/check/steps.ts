// Steps of a check as child processes: all of them run even when one is red, and what each prints stays together.
import { spawn } from 'node:child_process'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { ROOT } from '../root.ts'

/** A step that prints its own result; the first word is a program of node_modules/.bin. */
export type Step = readonly [name: string, command: readonly string[]]

export type StepResult = { readonly name: string; readonly passed: boolean; readonly seconds: number }

/**
 * Runs the steps, `atOnce` of them side by side, and gives their results in the same order. Where more than one runs, each
 * one's output is printed as a whole, in the order of the steps. Ctrl-C reaches every child by the terminal.
 */
export async function runSteps(
  steps: readonly Step[],
  atOnce: number,
  out: Pick<NodeJS.WritableStream, 'write'> = process.stdout,
): Promise<readonly StepResult[]> {
  const ended = steps.map(() => Promise.withResolvers<Ended>())
  const printed = (async () => {
    for (const { promise } of ended) out.write((await promise).output)
  })()
  const results = await mapInParallel(
    steps,
    async ([name, command], at) => {
      const started = performance.now()
      const end = await run(command, atOnce === 1)
      ended[at]?.resolve(end)
      return { name, passed: end.passed, seconds: (performance.now() - started) / 1000 }
    },
    atOnce,
  )
  await printed
  return results
}

/** A line for each step, behind an empty one. */
export function renderResults(results: readonly StepResult[]): string {
  const lines = results.map(
    ({ name, passed, seconds }) => `${passed ? 'ok ' : 'RED'} ${name} (${seconds.toFixed(1)} s)`,
  )
  return `\n${lines.join('\n')}\n`
}

type Ended = { readonly passed: boolean; readonly output: string }

function run([program = '', ...args]: readonly string[], isShown: boolean): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    const chunks: Uint8Array[] = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    const output = (): string => Buffer.concat(chunks).toString()
    child.on('error', (error) =>
      resolve({ passed: false, output: `${output()}error: ${program} does not start: ${error.message}\n` }),
    )
    child.on('close', (code) => resolve({ passed: code === 0, output: output() }))
  })
}
