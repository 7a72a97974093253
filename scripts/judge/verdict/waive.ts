// Waivers against verdicts: a failure that is accepted is waived; a waiver that is over or not needed is a run error.
import { isExpired, isFor, type Waiver } from '#specs/contract/waivers.ts'
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
    const waiver = waivers.find((one) => isFor(one, rule.id, variant) && !isExpired(one, today))
    if (waiver === undefined) return rule
    used.add(waiver)
    return { ...rule, status: 'waived', reason: `until ${waiver.expires}: ${waiver.reason}` }
  })
  return { rules: waived, used }
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
    if (!judged.has(waiver.id) || used.has(waiver)) return []
    return [`${name} is not needed any more: take it out`]
  })
}
