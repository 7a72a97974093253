// Steps of a check as child processes: all of them run even when one is red, and what each prints stays together.
import { spawn } from 'node:child_process'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { ROOT } from '../root.ts'

/** A step that prints its own result; the first word is a program of node_modules/.bin. */
export type Step = readonly [name: string, command: readonly string[]]

export type StepResult = { readonly name: string; readonly passed: boolean; readonly seconds: number }

/**
 * Runs the steps, `atOnce` of them side by side, and gives their results in the same order. What they print stays apart, in
 * the order of the steps: of the first that has not ended at once, of the others when it is their turn. Ctrl-C reaches
 * every child by the terminal.
 */
export async function runSteps(
  steps: readonly Step[],
  atOnce: number,
  { out = process.stdout, env = process.env }: StepOptions = {},
): Promise<readonly StepResult[]> {
  const held: Held[] = steps.map(() => ({ chunks: [], hasEnded: false }))
  let turn = 0
  const print = (): void => {
    for (let step = held[turn]; step !== undefined; step = held[turn]) {
      for (const chunk of step.chunks.splice(0)) out.write(chunk)
      if (!step.hasEnded) return
      turn++
    }
  }
  return mapInParallel(
    steps,
    async ([name, command], at) => {
      const started = performance.now()
      const isShown = atOnce === 1
      const passed = await run(command, { env, isShown }, (chunk) => {
        held[at]?.chunks.push(chunk)
        print()
      })
      held[at] = { chunks: held[at]?.chunks ?? [], hasEnded: true }
      print()
      return { name, passed, seconds: (performance.now() - started) / 1000 }
    },
    atOnce,
  )
}

export type StepOptions = {
  readonly out?: Pick<NodeJS.WritableStream, 'write'>
  readonly env?: NodeJS.ProcessEnv
}

/** A line for each step, behind an empty one. */
export function renderResults(results: readonly StepResult[]): string {
  const lines = results.map(
    ({ name, passed, seconds }) => `${passed ? 'ok ' : 'RED'} ${name} (${seconds.toFixed(1)} s)`,
  )
  return `\n${lines.join('\n')}\n`
}

type Held = { readonly chunks: (Uint8Array | string)[]; readonly hasEnded: boolean }
type RunOptions = { readonly env: NodeJS.ProcessEnv; readonly isShown: boolean }

function run(
  [program = '', ...args]: readonly string[],
  { env, isShown }: RunOptions,
  print: (chunk: Uint8Array | string) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', print)
    child.on('error', (error) => {
      print(`error: ${program} does not start: ${error.message}\n`)
      resolve(false)
    })
    child.on('close', (code) => resolve(code === 0))
  })
}
