// Runs a command and measures it: time on the wall, processor time and peak memory of all that it starts.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { TreeMeter } from './process-tree.ts'

export type Measured = { readonly wallMs: number; readonly cpuMs: number; readonly peakBytes: number }
/** A run with its time on the wall by what was done. */
export type Run = Measured & { readonly phases: Readonly<Record<string, number>> }

export type CommandOptions = {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Receives each line that the command prints, as it comes. */
  readonly onLine?: ((line: string, atMs: number) => void) | undefined
  /** Exit statuses that are no failure: 0 alone by default. */
  readonly accept?: readonly number[]
}

/** A peak that lasts less than this shows in VmHWM alone, which is of one process. */
const SAMPLE_MS = 20
/** The most characters of a failed command's output that are quoted. */
const MAX_QUOTED = 4000

/** Rejects with the end of what it said when it fails. */
export async function measure(
  command: string,
  args: readonly string[],
  { cwd, env = {}, signal, onLine, accept = [0] }: CommandOptions,
): Promise<Measured> {
  const began = performance.now()
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, LC_ALL: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const said = collect(child, (line) => onLine?.(line, performance.now() - began))
  const meter = new TreeMeter(child.pid ?? 0)
  const timer = setInterval(() => meter.sample(), SAMPLE_MS)
  try {
    await ended(child, accept, () => `${command} ${args.join(' ')}: ${said.text()}`)
    return { wallMs: performance.now() - began, ...meter.usage() }
  } finally {
    clearInterval(timer)
  }
}

function collect(child: ChildProcess, onLine: (line: string) => void): { text(): string } {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null)
      createInterface({ input: stream }).on('line', (line) => {
        text = `${text}${line}\n`.slice(-MAX_QUOTED)
        onLine(line)
      })
  return { text: () => text.trim() }
}

function ended(child: ChildProcess, accept: readonly number[], describe: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code !== null && accept.includes(code)) resolve()
      else reject(new Error(`${describe()} (${signal ?? `exit status ${code}`})`))
    })
  })
}

export type Step = {
  /** The name of the phase in the table. */
  readonly phase: string
  /** A script for bash, with `set -euo pipefail`. */
  readonly script: string
}

/** One step after the other, each in a shell of its own. */
export async function measureSteps(steps: readonly Step[], options: CommandOptions): Promise<Run> {
  const phases: Record<string, number> = {}
  const sum = { wallMs: 0, cpuMs: 0, peakBytes: 0 }
  for (const { phase, script } of steps) {
    const step = await measure('bash', ['-c', `set -euo pipefail\n${script}`], options).catch((cause: unknown) => {
      throw new Error(`${phase}: ${(cause as Error).message}`, { cause })
    })
    phases[phase] = step.wallMs
    sum.wallMs += step.wallMs
    sum.cpuMs += step.cpuMs
    sum.peakBytes = Math.max(sum.peakBytes, step.peakBytes)
  }
  return { ...sum, phases }
}
