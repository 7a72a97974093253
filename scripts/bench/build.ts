// The second part: one variant by the recipe, beside the same work by hand.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseContract } from '#specs/contract/contract.ts'
import { BY_HAND } from './by-hand.ts'
import { measure, measureSteps, type Run } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import { buildArgs, VARIANT, type Prepared } from './prepare.ts'
import { takeTurns } from './rounds.ts'
import { toolPath } from './tools.ts'
import type { RoundOptions } from './verdict.ts'

export type BuildRuns = { readonly recipe: readonly Run[]; readonly byHand: readonly Run[] }

export async function measureBuilds(prepared: Prepared, options: RoundOptions): Promise<BuildRuns> {
  const work = await mkdtemp(join(prepared.folder, 'build-'))
  try {
    return await takeTurns(options, {
      recipe: async (round) => {
        options.onRun(`build by the recipe ${round}`)
        return runRecipe(prepared, join(work, 'recipe'), options.signal)
      },
      byHand: async (round) => {
        options.onRun(`build by hand ${round}`)
        return runByHand(prepared, join(work, 'by-hand'), options.signal)
      },
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Line = { readonly text: string; readonly atMs: number }

async function runRecipe(prepared: Prepared, output: string, signal: AbortSignal): Promise<Run> {
  const lines: Line[] = []
  const onLine = (text: string, atMs: number): void => void lines.push({ text, atMs })
  const { command, args } = await npmScript('build', buildArgs(prepared, output))
  try {
    const run = await measure(command, args, { cwd: ROOT, signal, onLine })
    return { ...run, phases: recipePhases(lines, run.wallMs) }
  } finally {
    await rm(output, { recursive: true, force: true })
  }
}

/**
 * The duration of each step by the first word of its message (`spin-only: squashing zfs`); what precedes the first is
 * the start.
 */
export function recipePhases(lines: readonly Line[], wallMs: number): Readonly<Record<string, number>> {
  const begun = lines.flatMap(({ text, atMs }) => {
    const [, phase] = new RegExp(`^${VARIANT}: (\\w+)`).exec(text) ?? []
    return phase === undefined ? [] : [{ phase, atMs }]
  })
  const phases: Record<string, number> = {}
  const marks = [{ phase: 'start Node and load', atMs: 0 }, ...begun]
  for (const [index, { phase, atMs }] of marks.entries())
    phases[phase] = (phases[phase] ?? 0) + (marks[index + 1]?.atMs ?? wallMs) - atMs
  return phases
}

async function runByHand(prepared: Prepared, folder: string, signal: AbortSignal): Promise<Run> {
  const { inputs, contractPath, lock } = prepared
  const contract = parseContract(await readFile(contractPath), contractPath)
  await mkdir(folder)
  const env = {
    PATH: toolPath(),
    INPUTS: inputs,
    EXTENSIONS: contract.variants[VARIANT]?.extensions.join(' ') ?? '',
    RELEASE: lock.kernelRelease ?? '',
    COMMAND_LINE: 'talos.platform=metal',
  }
  try {
    return await measureSteps(BY_HAND, { cwd: folder, env, signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
