// Candidates that mutants are judged on: all of the selftest, on disk, with the status of each rule without a mutant.
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import type { RunInput } from '#specs/support/run.ts'
import { judge } from '../judge/verdict/gate.ts'
import type { Observation } from '../judge/verdict/observation.ts'
import { compareVerdict } from '../selftest/compare.ts'
import { prepareAll } from '../selftest/prepare-all.ts'
import type { Prepared } from '../selftest/prepare.ts'
import type { Plan } from './worker/plan.ts'

export type Prepare = { readonly prepared: readonly Prepared[]; readonly run: RunInput }

/** Writes all candidates below `folder`. */
export async function prepareCandidates(folder: string): Promise<Prepare> {
  const { prepared, common } = await prepareAll(folder, () => true)
  const members = prepared.flatMap((one) => one.members ?? [])
  return { prepared, run: { candidates: prepared.map(({ candidate }) => candidate), members, ...common } }
}

export type Baseline = Pick<Plan, 'baseline' | 'expected'> & {
  /** The selftest's problems without any mutant; those candidates judge no mutant. */
  readonly problems: readonly string[]
}

/** The observations without a mutant, of each rule that is judged on a candidate: blocked ones show nothing. */
export function baselineOf(
  prepared: readonly Prepared[],
  ruleIndex: RuleIndex,
  observations: readonly Observation[],
): Baseline {
  const byKey = Map.groupBy(observations, ({ candidate }) => candidate)
  const baseline: Record<string, readonly Observation[]> = {}
  const problems: string[] = []
  for (const { candidate, expected } of prepared) {
    const own = byKey.get(candidate.key) ?? []
    const rules = judge(ruleIndex, candidate, own)
    const wrong = compareVerdict(rules, expected).map((problem) => `${candidate.key}: ${problem}`)
    problems.push(...wrong)
    if (wrong.length > 0) continue
    for (const { id, status } of rules)
      if (status === 'pass' || status === 'fail' || status === 'inconclusive')
        baseline[`${candidate.key} ${id}`] = own.filter((one) => one.id === id)
  }
  return {
    baseline,
    problems,
    expected: Object.fromEntries(prepared.map(({ candidate, expected }) => [candidate.key, expected])),
  }
}

/**
 * Keys of candidates that must kill a mutant of these rules, most likely ones first: what fails them, then what fails
 * nothing.
 */
export function nearestKeys(prepared: readonly Prepared[], ids: readonly string[]): readonly string[] {
  const near = prepared.filter(({ expected }) =>
    [...expected.violates, ...expected.inconclusive].some((id) => ids.includes(id)),
  )
  const controls = prepared.filter(({ candidate }) => /\bcontrol\b/.test(candidate.key))
  return [...near, ...controls].map(({ candidate }) => candidate.key)
}
