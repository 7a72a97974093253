// The comparison of a verdict with the expected one: exactly these rules fail, exactly these are inconclusive.
import type { RuleVerdict } from '../judge/verdict/conformance.ts'

export type Expected = {
  readonly violates: readonly string[]
  readonly inconclusive: readonly string[]
  /** `config:42`, where each rule that fails must have its one finding; anywhere when absent. */
  readonly place?: string
}

/**
 * One sentence for each rule that ended otherwise, and for each that is named and was not judged; a rule may be blocked only
 * where another was to fail.
 */
export function compareVerdict(rules: readonly RuleVerdict[], expected: Expected): readonly string[] {
  const named = [...expected.violates, ...expected.inconclusive]
  const absent = named.filter((id) => !rules.some((rule) => rule.id === id))
  return [
    ...absent.map((id) => `expected ${id} to be judged, got no such rule: state it, and run npm run rule-index`),
    ...compareRules(rules, expected),
  ]
}

function compareRules(rules: readonly RuleVerdict[], expected: Expected): readonly string[] {
  return rules.flatMap((rule) => {
    const wanted = expected.violates.includes(rule.id)
      ? 'fail'
      : expected.inconclusive.includes(rule.id)
        ? 'inconclusive'
        : undefined
    if (wanted !== undefined && rule.status !== wanted)
      return [`expected ${rule.id} to ${describe(wanted)}, got ${explain(rule)}`]
    if (wanted !== undefined) return wanted === 'fail' ? comparePlace(rule, expected.place) : []
    const isQuiet = rule.status === 'pass' || rule.status === 'not-applicable'
    const isBlocked = rule.status === 'blocked' && expected.violates.length > 0
    return isQuiet || isBlocked ? [] : [`expected ${rule.id} to pass, got ${explain(rule)}`]
  })
}

function comparePlace({ id, findings }: RuleVerdict, place: string | undefined): readonly string[] {
  const got = findings.map(({ where }) => `${where?.path}:${where?.line}`).join(', ')
  return place === undefined || got === place ? [] : [`expected ${id} to fail at ${place}, got ${got}`]
}

function describe(status: 'fail' | 'inconclusive'): string {
  return status === 'fail' ? 'fail' : 'be inconclusive'
}

function explain(rule: RuleVerdict): string {
  const [finding] = rule.findings
  const detail = rule.reason ?? finding?.message
  return detail === undefined ? rule.status : `${rule.status} (${detail.split('\n')[0]})`
}

/** Rule → whether any verdict has it red. */
export function killMatrix(verdicts: readonly { readonly rules: readonly RuleVerdict[] }[]): ReadonlySet<string> {
  return new Set(verdicts.flatMap(({ rules }) => rules.filter(({ status }) => status === 'fail').map(({ id }) => id)))
}
