// All mutants against the candidates that are most likely to kill them, then what is left against all the others.
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { nearestKeys, type Prepare, type Baseline } from './candidates.ts'
import type { Mutant } from './mutant.ts'
import { runJob, type JobResult } from './pool.ts'
import type { Choice } from './worker/plan.ts'
import { MUTANTS } from './write.ts'

/** Mutants of one job: enough that starting a process does not count, few enough that both cores end together. */
const BATCH = 30
export const AT_ONCE = 2

export type Fate = { readonly mutant: Mutant; readonly killedBy?: string }

export type Campaign = {
  readonly root: string
  readonly folder: string
  readonly ruleIndex: RuleIndex
  readonly prepare: Prepare
  readonly baseline: Baseline
  /** `total` counts those twice that the first pass leaves. */
  readonly onProgress: (progress: { readonly killed: number; readonly done: number; readonly total: number }) => void
}

export async function runCampaign(mutants: readonly Mutant[], campaign: Campaign): Promise<readonly Fate[]> {
  const { prepared, run } = campaign.prepare
  const near = new Map(mutants.map((mutant) => [mutant.name, nearestKeys(prepared, mutant.ids)]))
  const killed = new Map<string, string>()
  let [done, total] = [0, mutants.length]
  const onEnded = (ended: number): void => campaign.onProgress({ killed: killed.size, done: (done += ended), total })
  await runPass(mutants, killed, {
    ...campaign,
    onEnded,
    choose: ({ name, ids }) => ({ ids, keys: near.get(name) ?? [] }),
  })
  const left = mutants.filter(({ name }) => !killed.has(name))
  const all = run.candidates.map(({ key }) => key)
  total += left.length
  const choose = ({ name, ids }: Mutant): Choice => {
    const before = new Set(near.get(name))
    return { ids, keys: all.filter((key) => !before.has(key)) }
  }
  await runPass(left, killed, { ...campaign, onEnded, choose })
  return mutants.map((mutant) => {
    const killedBy = killed.get(mutant.name)
    return { mutant, ...(killedBy !== undefined && { killedBy }) }
  })
}

type Pass = Campaign & { readonly choose: (mutant: Mutant) => Choice; readonly onEnded: (ended: number) => void }

/** Adds to `killed`, by name, what killed it. */
async function runPass(mutants: readonly Mutant[], killed: Map<string, string>, pass: Pass): Promise<void> {
  const batches = Array.from({ length: Math.ceil(mutants.length / BATCH) }, (_, at) =>
    mutants.slice(at * BATCH, (at + 1) * BATCH),
  )
  await mapInParallel(
    batches,
    async (batch) => {
      // A worker that was lost has lost one mutant; the others of its batch go on without it.
      for (let left = batch; left.length > 0;) {
        const result = await runBatch(left, pass)
        const ended = endedOf(left, result, killed)
        left = left.filter(({ name }) => !ended.has(name))
        pass.onEnded(ended.size)
      }
    },
    AT_ONCE,
  )
}

function runBatch(
  batch: readonly Mutant[],
  { root, folder, ruleIndex, prepare, baseline, choose }: Pass,
): Promise<JobResult> {
  const ids = new Set(batch.flatMap((mutant) => mutant.ids))
  const choices = Object.fromEntries(batch.map((mutant) => [mutant.name, choose(mutant)]))
  return runJob(folder, {
    kind: 'rules',
    root,
    include: batch.flatMap(({ name, specs }) => specs.map((spec) => `${MUTANTS}/${name}/${spec}`)),
    run: prepare.run,
    plan: {
      choices,
      entries: ruleIndex.requirements.filter(({ id }) => ids.has(id)),
      expected: baseline.expected,
      baseline: Object.fromEntries(
        Object.entries(baseline.baseline).filter(([pair]) => ids.has(pair.slice(pair.lastIndexOf(' ') + 1))),
      ),
    },
  })
}

/** The mutants whose fate is known after this job; adds to `killed`. */
function endedOf(
  batch: readonly Mutant[],
  { records, silent, said }: JobResult,
  killed: Map<string, string>,
): ReadonlySet<string> {
  const files = new Map<string, number>()
  let current: string | undefined
  for (const record of records) {
    if (record.kind === 'start') current = record.mutant
    if (record.kind === 'killed') killed.set(record.mutant, record.by)
    if (record.kind === 'end') {
      files.set(record.mutant, (files.get(record.mutant) ?? 0) + 1)
      if (record.broken && !killed.has(record.mutant)) killed.set(record.mutant, `${record.file} does not load`)
    }
  }
  const ended = new Set(
    batch
      .filter(({ name, specs }) => killed.has(name) || (files.get(name) ?? 0) >= specs.length)
      .map(({ name }) => name),
  )
  if (ended.size === batch.length) return ended
  if (current === undefined || ended.has(current)) throw new Error(`a worker ended too early: ${said.slice(-2000)}`)
  killed.set(current, silent ? 'it never ends' : 'it ends the process')
  return ended.add(current)
}
