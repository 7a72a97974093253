// The first part: a verdict from a registry, cold and warm, beside the shell pipeline.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { measure, measureSteps, type Run } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import { PIPELINE } from './pipeline.ts'
import type { Prepared } from './prepare.ts'
import { takeTurns } from './rounds.ts'
import { toolPath } from './tools.ts'

/** The targets that the pipeline reads: the image, without its signatures and the files beside it. */
const TARGETS = 'image,installer'

export type VerdictRuns = {
  readonly cold: readonly Run[]
  readonly warm: readonly Run[]
  readonly pipeline: readonly Run[]
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
  const judge = () => runVerdict(prepared, reference, { cache, report: join(work, 'report.json'), signal })
  try {
    // Node's and tsx' own caches of compiled code are there before anything counts, as they are from the second run on.
    await runStart(signal)
    const { pipeline, verdicts } = await takeTurns(options, {
      verdicts: async (round) => {
        await rm(cache, { recursive: true, force: true })
        options.onRun(`cold verdict ${round}`)
        const cold = await judge()
        options.onRun(`warm verdict ${round}`)
        return { cold, warm: await judge() }
      },
      pipeline: async (round) => {
        options.onRun(`shell pipeline ${round}`)
        return runPipeline(prepared, reference, join(work, 'pipeline'), signal)
      },
    })
    return { cold: verdicts.map(({ cold }) => cold), warm: verdicts.map(({ warm }) => warm), pipeline }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function runStart(signal: AbortSignal): Promise<number> {
  const { command, args } = await npmScript('test', ['--help'])
  return (await measure(command, args, { cwd: ROOT, signal })).wallMs
}

type Places = { readonly cache: string; readonly report: string; readonly signal: AbortSignal }

/** Rejects where the verdict is not green: a red one stops where it found something. */
async function runVerdict(prepared: Prepared, reference: string, { cache, report, signal }: Places): Promise<Run> {
  const { lockPath, contractPath } = prepared
  const fixed = ['--lock', lockPath, '--contract', contractPath, '--cache', cache, '--report', report]
  const { command, args } = await npmScript('test', [reference, '--target', TARGETS, ...fixed])
  const start = await runStart(signal)
  const run = await measure(command, args, { cwd: ROOT, signal })
  return { ...run, phases: verdictPhases(run.wallMs, start, JSON.parse(await readFile(report, 'utf8'))) }
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

async function runPipeline({ lock }: Prepared, reference: string, folder: string, signal: AbortSignal): Promise<Run> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const env = { PATH: toolPath(), REFERENCE: reference, BASE_BYTES: String(lock.baseInitramfs?.size ?? 0) }
  try {
    return await measureSteps(PIPELINE, { cwd: folder, env, signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
