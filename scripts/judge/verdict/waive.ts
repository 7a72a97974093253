// Waivers against verdicts: a failure that is accepted is waived; a waiver that is over or not needed is a run error.
import { isExpired, isFor, ruleOf, type Waiver } from '#specs/contract/waivers.ts'
import type { RuleVerdict } from './conformance.ts'

export type Waived = { readonly rules: readonly RuleVerdict[]; readonly used: ReadonlySet<Waiver> }

/** Only `fail` can be waived: what could not be judged stays what it is. */
export function waive(
  rules: readonly RuleVerdict[],
  waivers: readonly Waiver[],
  variant: string,
  today: string,
): Waived {
  const used = new Set<Waiver>()
  const waived = rules.map((rule): RuleVerdict => {
    if (rule.status !== 'fail') return rule
    const find = (id: string): Waiver | undefined =>
      waivers.find((one) => isFor(one, id, variant) && !isExpired(one, today))
    const waiver = find(rule.id)
    if (waiver !== undefined) {
      used.add(waiver)
      return { ...rule, status: 'waived', reason: reasonOf(waiver) }
    }
    const entries = rule.findings.map(({ entry }) => (entry === undefined ? undefined : find(`${rule.id}/${entry}`)))
    const found = [...new Set(entries.filter((one) => one !== undefined))]
    if (found.length === 0) return rule
    for (const one of found) used.add(one)
    const left = rule.findings.filter((_, at) => entries[at] === undefined)
    if (left.length > 0) return { ...rule, findings: left }
    return { ...rule, status: 'waived', reason: found.map(reasonOf).join('; ') }
  })
  return { rules: waived, used }
}

function reasonOf({ expires, reason }: Waiver): string {
  return `until ${expires}: ${reason}`
}

/** One sentence for each waiver that is over, that waives nothing, or that names a rule nobody knows. */
export function waiverErrors(
  waivers: readonly Waiver[],
  used: ReadonlySet<Waiver>,
  judged: ReadonlySet<string>,
  today: string,
): readonly string[] {
  return waivers.flatMap((waiver) => {
    const name = `waiver of ${waiver.id}${waiver.variant === undefined ? '' : ` for ${waiver.variant}`}`
    if (isExpired(waiver, today)) return [`${name} is over since ${waiver.expires}: mend the image or renew it`]
    if (!judged.has(ruleOf(waiver)) || used.has(waiver)) return []
    return [`${name} is not needed any more: take it out`]
  })
}
