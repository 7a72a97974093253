// Builds the variants one after the other, each whole or not at all, and says what came of it.
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assemble, type Built } from '#build/assemble.ts'
import { BuildError, type BuildCode } from '#build/build-error.ts'
import { encodeImagerProfile } from '#build/imager-profile.ts'
import { planVariant, type Plan } from '#build/plan.ts'
import type { UpstreamParts } from '#build/upstream/upstream.ts'
import { BUDGET, isOverBudget } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError, RegistryError } from '#harness/errors.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { UsageError } from '../cli/command-line.ts'
import { printable } from '../judge/verdict/printable.ts'
import { parseOptions, type BuildOptions } from './options.ts'
import { measureParts } from './parts.ts'
import { showSteps } from '../cli/steps.ts'
import { renderBuilt, renderNext, renderPlan, type JudgeOptions } from './render.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { openUpstream, type BuildUpstream } from './upstream.ts'

/** Codes of errors that no other part of upstream would fix. */
const USAGE: readonly BuildCode[] = ['LOCK', 'CONTRACT', 'NO_SPACE', 'OUTPUT']

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function build(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('what was not finished is not there')
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    await run(options, interrupt.signal)
    return 0
  } catch (error) {
    const failure = describe(error)
    process.stderr.write(`${failure.text}\n`)
    return interrupt.statusOf(failure.exit)
  } finally {
    interrupt.release()
  }
}

async function run(options: BuildOptions, signal: AbortSignal): Promise<void> {
  const loaded = await loadContract(options.contract)
  const { value: contract } = loaded
  const variants = options.variant ?? Object.keys(contract.variants)
  const upstream = await openUpstream(options, loaded)
  try {
    const { lock } = upstream
    const plans = variants.map((variant) =>
      planVariant({ lock, contract, variant, ...(options.revision !== undefined && { revision: options.revision }) }),
    )
    if (options.profileOnly) await writeProfiles(plans, contract, options.output)
    else if (options.dryRun) await showPlans(plans, upstream)
    else await buildAll(plans, upstream, options, signal)
  } finally {
    await upstream.close()
  }
}

async function buildAll(
  plans: readonly Plan[],
  upstream: BuildUpstream,
  options: BuildOptions,
  signal: AbortSignal,
): Promise<void> {
  const all: (readonly [Plan, Built])[] = []
  for (const plan of plans) {
    const progress = showSteps(plan.variant, process.stderr)
    const { workers, limit: limits = BUDGET } = options
    try {
      const output = join(options.output, plan.variant)
      all.push([plan, await assemble(plan, { upstream, output, workers, signal, limits, onStep: progress.step })])
    } finally {
      progress.end()
    }
  }
  for (const [plan, built] of all) process.stdout.write(renderBuilt(plan, built))
  process.stdout.write(renderNext(all, await keepInputs(upstream, options)))
}

/** Keeps the inputs that a later verdict needs; those of the embedded upstream exist nowhere else. */
async function keepInputs({ lock, writeReference }: BuildUpstream, options: BuildOptions): Promise<JudgeOptions> {
  if (options.upstream !== EMBEDDED || writeReference === undefined) return options
  const path = join(options.output, 'upstream.lock.json')
  if (options.lock === undefined) await writeFile(path, formatLock(lock))
  if (lock.reference === undefined) return { ...options, lock: options.lock ?? path }
  const reference = await writeReference(join(options.output, 'reference'))
  return { ...options, lock: options.lock ?? path, reference: reference.replace(/@.*$/, '') }
}

async function showPlans(plans: readonly Plan[], upstream: UpstreamParts): Promise<void> {
  const spool = new Spool(join(tmpdir(), `talos-image-plan-${process.pid}`))
  try {
    for (const plan of plans)
      process.stdout.write(
        printable(renderPlan(plan, await measureParts(plan, upstream, spool), upstream.name), { lines: true }),
      )
  } finally {
    await spool.close()
  }
}

async function writeProfiles(plans: readonly Plan[], contract: Contract, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const plan of plans) {
    const path = join(folder, `${plan.variant}.profile.yaml`)
    await writeFile(path, encodeImagerProfile(plan, contract))
    process.stdout.write(
      `${path}\n  docker run --rm -i -v ${resolve(folder)}:/out ghcr.io/siderolabs/imager:${plan.talos} - < ${path}\n`,
    )
  }
}

/** One sentence and the exit status: 1 a part is wrong, 2 it cannot be done here or like this. */
function describe(error: unknown): { readonly text: string; readonly exit: number } {
  if (error instanceof UsageError) return { text: renderFailure(error), exit: 2 }
  if (!(error instanceof BuildError || error instanceof HarnessError)) return { text: renderBug(error), exit: 2 }
  const isUsage =
    error instanceof BuildError ? USAGE.includes(error.code) : error instanceof RegistryError || isOverBudget(error)
  return { text: renderFailure(error), exit: isUsage ? 2 : 1 }
}
