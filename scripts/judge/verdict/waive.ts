// Waivers against verdicts: a failure that is accepted is waived; a waiver that must not be, or is not needed, is a run error.
import type { Contract } from '#specs/contract/contract.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { isExpired, isFor, isTooLong, ruleOf, type Waiver } from '#specs/contract/waivers.ts'
import type { RuleVerdict } from './conformance.ts'
import { judge } from './gate.ts'

export type Waived = { readonly rules: readonly RuleVerdict[]; readonly used: ReadonlySet<Waiver> }

export type WaiverTerms = {
  readonly variant: string
  /** `2026-11-23`, in UTC. */
  readonly today: string
  readonly isWaivable: (id: string) => boolean
}

/** Areas about what is published: which image it is, that its bytes are whole, and who signed it. */
const PROTECTED_AREAS: readonly string[] = ['OCI', 'SUP']

/**
 * True where a rule may be waived: a `must` about identity, integrity or signatures of what is published (of the areas
 * OCI and SUP, about a registry, or compared with the lock) only where the contract lists it under `waivable`.
 */
export function mayBeWaived(ruleIndex: RuleIndex, { waivable = [] }: Pick<Contract, 'waivable'>, id: string): boolean {
  const rule = ruleIndex.requirements.find((one) => one.id === id)
  if (rule === undefined || rule.level === 'should' || waivable.includes(id)) return true
  const isProtected =
    rule.pinned || rule.targets.includes('registry') || PROTECTED_AREAS.includes(id.split('-')[0] ?? '')
  return !isProtected
}

/**
 * The verdict of `judge` with waivers. A rule that needs a waived one is judged by itself: a waiver accepts the failure
 * that it names, and what follows from it is named too or stays red.
 */
export function judgeWithWaivers(
  judgement: Parameters<typeof judge>,
  waivers: readonly Waiver[],
  terms: WaiverTerms,
): Waived {
  const [ruleIndex, candidate, observations, selection] = judgement
  let accepted: ReadonlySet<string> = new Set()
  for (;;) {
    const found = waive(judge(ruleIndex, candidate, observations, { ...selection, waived: accepted }), waivers, terms)
    const now = new Set(found.rules.flatMap(({ id, status }) => (status === 'waived' ? [id] : [])))
    // Fewer rules are blocked each time, so that what is waived only grows.
    if (now.size === accepted.size) return found
    accepted = now
  }
}

/** Waives `fail` and nothing else: what could not be judged stays what it is. */
export function waive(rules: readonly RuleVerdict[], waivers: readonly Waiver[], terms: WaiverTerms): Waived {
  const used = new Set<Waiver>()
  const holding = waivers.filter((one) => holds(one, terms))
  const waived = rules.map((rule): RuleVerdict => {
    if (rule.status !== 'fail') return rule
    const find = (id: string): Waiver | undefined => holding.find((one) => isFor(one, id, terms.variant))
    const waiver = find(rule.id)
    if (waiver !== undefined) {
      used.add(waiver)
      return { ...rule, status: 'waived', reason: reasonOf(waiver), waivers: [describe(waiver)] }
    }
    const entries = rule.findings.map(({ entry }) => (entry === undefined ? undefined : find(`${rule.id}/${entry}`)))
    const found = [...new Set(entries.filter((one) => one !== undefined))]
    if (found.length === 0) return rule
    for (const one of found) used.add(one)
    const left = rule.findings.filter((_, at) => entries[at] === undefined)
    const described = found.map(describe)
    if (left.length > 0) return { ...rule, findings: left, waivers: described }
    return { ...rule, status: 'waived', reason: found.map(reasonOf).join('; '), waivers: described }
  })
  return { rules: waived, used }
}

function holds(waiver: Waiver, { today, isWaivable }: Omit<WaiverTerms, 'variant'>): boolean {
  return !isExpired(waiver, today) && !isTooLong(waiver, today) && isWaivable(ruleOf(waiver))
}

function describe({ id, expires, reason }: Waiver): NonNullable<RuleVerdict['waivers']>[number] {
  return { id, expires, reason }
}

function reasonOf({ expires, reason }: Waiver): string {
  return `until ${expires}: ${reason}`
}

/**
 * One sentence for each waiver that is expired, reaches too far, must not be, waives nothing, or is for no rule or
 * variant that there is.
 */
export function waiverErrors(
  waivers: readonly Waiver[],
  terms: Omit<WaiverTerms, 'variant'> & {
    readonly used: ReadonlySet<Waiver>
    readonly judged: ReadonlySet<string>
    /** Every rule that there is. */
    readonly known: ReadonlySet<string>
    /** Variants that the contract defines. */
    readonly variants: readonly string[]
  },
): readonly string[] {
  const { used, judged, known, today, isWaivable, variants } = terms
  return waivers.flatMap((waiver) => {
    const name = nameOf(waiver)
    if (!known.has(ruleOf(waiver)))
      return [`${name}: there is no such rule (npx talos-image explain lists them): mend its name, or take it out`]
    if (waiver.variant !== undefined && !variants.includes(waiver.variant))
      return [`${name}: unknown variant ${waiver.variant}; defined: ${variants.join(', ')}`]
    if (isExpired(waiver, today)) return [`${name} expired on ${waiver.expires}: fix the image or renew it`]
    if (isTooLong(waiver, today))
      return [`${name} ends on ${waiver.expires}: expected a day at most a year away, give an earlier one`]
    if (!isWaivable(ruleOf(waiver)))
      return [
        `${name} is refused: the rule is about identity, integrity or signatures of what is published; fix the image, or list ${ruleOf(waiver)} under waivable in the contract`,
      ]
    if (!judged.has(ruleOf(waiver)) || used.has(waiver)) return []
    return [unneeded(waiver)]
  })
}

/** The sentences of waivers that a run needed, and of those that it judged the rule of and did not need. */
export function waiverUse(
  waivers: readonly Waiver[],
  { used, judged }: { readonly used: ReadonlySet<Waiver>; readonly judged: ReadonlySet<string> },
): { readonly needed: readonly string[]; readonly unneeded: readonly string[] } {
  const found = waivers.filter((waiver) => judged.has(ruleOf(waiver)))
  return {
    needed: found.filter((waiver) => used.has(waiver)).map(unneeded),
    unneeded: found.filter((waiver) => !used.has(waiver)).map(unneeded),
  }
}

function unneeded(waiver: Waiver): string {
  return `${nameOf(waiver)} is not needed any more: take it out`
}

function nameOf({ id, variant }: Waiver): string {
  return `waiver of ${id}${variant === undefined ? '' : ` for ${variant}`}`
}
