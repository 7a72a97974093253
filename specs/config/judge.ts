// The verdict on a machine configuration by itself: the same statuses as for an image.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { RuleIndex, RuleIndexEntry } from '../contract/rule-index.ts'
import { outsideOf } from '../support/applicability.ts'
import type { Level } from '../support/requirement.ts'
import type { ConfigContext, ConfigFinding, ConfigJudge } from '../support/config-rule.ts'
import { CONFIG_JUDGES } from './rules/index.ts'

export const CONFIG_STATUSES = ['pass', 'fail', 'inconclusive', 'blocked', 'not-applicable'] as const
export type ConfigStatus = (typeof CONFIG_STATUSES)[number]

export type ConfigVerdict = {
  readonly id: string
  readonly level: Level
  readonly status: ConfigStatus
  readonly sentence: string
  /** Why the rule is blocked or not applicable. */
  readonly reason?: string
  /** Why it fails or is inconclusive; notes whatever the status. */
  readonly findings: readonly ConfigFinding[]
  readonly fix: string
}

export type ConfigRule = Pick<RuleIndexEntry, 'id' | 'level' | 'sentence' | 'fix' | 'needs' | 'only'> & {
  readonly judge: ConfigJudge
}

/** The rules about a machine configuration, as the spec files state them. Throws for one that nobody can judge. */
export function configRules({ requirements }: RuleIndex): readonly ConfigRule[] {
  return requirements
    .filter(({ targets }) => targets.includes('config'))
    .map((rule) => {
      const judge = CONFIG_JUDGES[rule.id]
      if (judge === undefined) throw new Error(`specs/config/rules/index.ts has no judge of ${rule.id}`)
      return { ...rule, judge }
    })
}

/** One verdict per rule, in the order of the rules. */
export function judgeConfig(
  rules: readonly ConfigRule[],
  facts: MachineConfigFacts,
  context: ConfigContext,
): readonly ConfigVerdict[] {
  const judged = rules.map((rule) => {
    const { id, level, sentence, fix } = rule
    const outside = outsideOf(rule.only, context.variantName, context.variant)
    return { rule, said: { id, level, sentence, fix }, outside, findings: rule.judge(facts, context) }
  })
  const failed = new Set(
    judged
      .filter(({ outside, findings }) => outside === undefined && statusOf(findings) === 'fail')
      .map(({ rule }) => rule.id),
  )
  return judged.map(({ rule, said, outside, findings }) => {
    if (outside !== undefined) return { ...said, status: 'not-applicable', reason: outside, findings: [] }
    const red = rule.needs.find((need) => failed.has(need))
    if (red !== undefined) return { ...said, status: 'blocked', reason: `${red} must hold first`, findings: [] }
    return { ...said, status: statusOf(findings), findings }
  })
}

function statusOf(findings: readonly ConfigFinding[]): ConfigStatus {
  if (findings.some(({ kind }) => kind === undefined)) return 'fail'
  return findings.some(({ kind }) => kind === 'unknown') ? 'inconclusive' : 'pass'
}

/** 1 if a `must` fails, else 2 if one could not be judged, else 0. */
export function exitCodeOfConfig(verdicts: readonly ConfigVerdict[]): 0 | 1 | 2 {
  const musts = verdicts.filter(({ level }) => level === 'must').map(({ status }) => status)
  if (musts.includes('fail')) return 1
  return musts.some((status) => status === 'inconclusive' || status === 'blocked') ? 2 : 0
}
