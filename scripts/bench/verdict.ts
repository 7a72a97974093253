// The first part: a verdict from a registry, cold and warm, beside the shell pipeline.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { measure, measureSteps, type Run, type Step } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import { PIPELINE } from './pipeline.ts'
import type { Prepared } from './prepare.ts'
import { takeTurns } from './rounds.ts'
import { missingTools, toolPath } from './tools.ts'
import { CRANE, LIMIT, LIMIT_INPUTS, TUNED } from './tuned.ts'

/** The targets that the pipeline reads: the image, without its signatures and the files beside it. */
const TARGETS = 'image,installer'

export type VerdictRuns = {
  readonly cold: readonly Run[]
  readonly warm: readonly Run[]
  /** The same command that only prints its help. */
  readonly start: readonly Run[]
  readonly pipeline: readonly Run[]
  readonly tuned: readonly Run[]
  readonly limit: readonly Run[]
  /** Absent where there is no crane. */
  readonly crane?: readonly Run[]
}

export type RoundOptions = {
  readonly runs: number
  readonly signal: AbortSignal
  /** Receives the name of each step as it begins. */
  readonly onRun: (what: string) => void
}

export async function measureVerdicts(
  prepared: Prepared,
  reference: string,
  options: RoundOptions,
): Promise<VerdictRuns> {
  const { signal } = options
  const work = await mkdtemp(join(prepared.folder, 'verdict-'))
  const cache = join(work, 'cache')
  const report = join(work, 'report.json')
  const judge = async (): Promise<Run> => {
    const start = await runStart(signal)
    const run = await runVerdict(prepared, [reference], { cache, report, signal })
    return { ...run, phases: verdictPhases(run.wallMs, start.wallMs, JSON.parse(await readFile(report, 'utf8'))) }
  }
  try {
    // Node's and tsx' own caches of compiled code are there before anything counts, as they are from the second run on.
    await runStart(signal)
    const tools = join(work, 'tools')
    const byTools =
      (name: string, steps: readonly Step[], before: readonly Step[] = []) =>
      (round: number) => {
        options.onRun(`${name} ${round}`)
        return runSteps(prepared, reference, { folder: tools, steps, before, signal })
      }
    const { verdicts, start, pipeline, tuned, limit, crane } = await takeTurns(options, {
      verdicts: async (round) => {
        await rm(cache, { recursive: true, force: true })
        options.onRun(`cold verdict ${round}`)
        const cold = await judge()
        options.onRun(`warm verdict ${round}`)
        return { cold, warm: await judge() }
      },
      start: () => runStart(signal),
      pipeline: byTools('shell pipeline', PIPELINE),
      tuned: byTools('tuned pipeline', TUNED),
      limit: byTools('hashing and decompression alone', LIMIT, LIMIT_INPUTS),
      ...(missingTools(['crane']).length === 0 && { crane: byTools('crane validate', CRANE) }),
    })
    return {
      cold: verdicts.map(({ cold }) => cold),
      warm: verdicts.map(({ warm }) => warm),
      start,
      pipeline,
      tuned,
      limit,
      ...(crane !== undefined && { crane }),
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function runStart(signal: AbortSignal): Promise<Run> {
  const { command, args } = await npmScript('test', ['--help'])
  return { ...(await measure(command, args, { cwd: ROOT, signal })), phases: {} }
}

export type Places = {
  readonly cache: string
  readonly report: string
  readonly signal: AbortSignal
  /** Another than that of the image. */
  readonly contract?: string
}

/** Rejects where the verdict is not green: a red one stops where it found something. */
export async function runVerdict(
  { lockPath, contractPath }: Prepared,
  references: readonly string[],
  { cache, report, signal, contract = contractPath }: Places,
): Promise<Run> {
  const fixed = ['--lock', lockPath, '--contract', contract, '--cache', cache, '--report', report]
  const { command, args } = await npmScript('test', [...references, '--target', TARGETS, ...fixed])
  return { ...(await measure(command, args, { cwd: ROOT, signal })), phases: {} }
}

/**
 * `start`: the same command that only prints its help. The rules are as the verdict has them; the first that looks into a
 * part pays for reading it. The rest is the pull, and starting and ending vitest.
 */
export function verdictPhases(
  wallMs: number,
  startMs: number,
  { candidates }: Pick<Conformance, 'candidates'>,
): Readonly<Record<string, number>> {
  const rules = candidates.flatMap((candidate) => candidate.rules).reduce((sum, { durationMs }) => sum + durationMs, 0)
  return { 'start Node and load': startMs, 'pull, start vitest': wallMs - startMs - rules, rules }
}

type Steps = {
  readonly folder: string
  readonly steps: readonly Step[]
  /** Steps that are not measured. */
  readonly before: readonly Step[]
  readonly signal: AbortSignal
}

async function runSteps({ lock }: Prepared, reference: string, { folder, steps, before, signal }: Steps): Promise<Run> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const env = { PATH: toolPath(), REFERENCE: reference, BASE_BYTES: String(lock.baseInitramfs?.size ?? 0) }
  try {
    await measureSteps(before, { cwd: folder, env, signal })
    return await measureSteps(steps, { cwd: folder, env, signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
