// The verdict on a machine configuration by itself: the same statuses as for an image.
import type { MachineConfigFacts } from '#harness/talos/machine-config-facts.ts'
import type { Level } from '../support/requirement.ts'
import type { ConfigContext, ConfigFinding, ConfigRule } from './rule.ts'
import { CONFIG_RULES } from './rules/index.ts'

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

/** One verdict per rule, in the order of the rules. */
export function judgeConfig(
  facts: MachineConfigFacts,
  context: ConfigContext,
  rules: readonly ConfigRule[] = CONFIG_RULES,
): readonly ConfigVerdict[] {
  const failed = new Set<string>()
  return rules.map((rule) => {
    const { id, level, sentence, fix } = rule
    const said = { id, level, sentence, fix }
    const outside = rule.outside?.(context)
    if (outside !== undefined) return { ...said, status: 'not-applicable', reason: outside, findings: [] }
    const red = rule.needs.find((need) => failed.has(need))
    if (red !== undefined) return { ...said, status: 'blocked', reason: `${red} must hold first`, findings: [] }
    const findings = rule.judge(facts, context)
    const status = statusOf(findings)
    if (status === 'fail') failed.add(id)
    return { ...said, status, findings }
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
