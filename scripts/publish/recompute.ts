// The gate once more, recomputed from the rules in a report with today's rule index, whatever its exit codes say.
import type { Contract } from '#specs/contract/contract.ts'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { isExpired, isTooLong, ruleOf } from '#specs/contract/waivers.ts'
import { applicability, type CandidateTargets } from '#specs/support/applicability.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { CandidateVerdict, Conformance, RuleVerdict } from '../judge/verdict/conformance.ts'
import { exitCodeOf } from '../judge/verdict/gate.ts'
import { mayBeWaived } from '../judge/verdict/waive.ts'

/** A waiver by which a candidate is green; `rule` is a rule, or a rule and its entry. */
export type WaivedRule = { readonly rule: string; readonly expires: string; readonly reason: string }

export type GateTerms = {
  readonly ruleIndex: RuleIndex
  readonly contract: Contract
  /** `2026-11-23`, in UTC. */
  readonly today: string
}

export type Recomputed = {
  /** The reasons that the candidate is not green, each the end of a sentence; empty where it is. */
  readonly reasons: readonly string[]
  readonly waived: readonly WaivedRule[]
}

/** The number of rules that a sentence names. */
const NAMED = 5

/** The signs that a report is of another suite than this one, whose rules may differ. */
export function foreignSuite({ tool, rules }: Conformance, { ruleIndex }: GateTerms): readonly string[] {
  const [got, own] = [`${tool.name} ${tool.version}`, `${packageJson.name} ${packageJson.version}`]
  return [
    ...(got === own ? [] : [`is by ${got}, this is ${own}`]),
    ...(rules === ruleIndex.version ? [] : [`is by the rules ${rules}, these are ${ruleIndex.version}`]),
  ]
}

/** `targets` is what the candidate is, by what is at hand and not by the report. */
export function recompute(
  candidate: CandidateVerdict,
  targets: Pick<CandidateTargets, 'parts' | 'release'>,
  terms: GateTerms,
): Recomputed {
  const { ruleIndex, contract, today } = terms
  const known = new Map(ruleIndex.requirements.map((entry) => [entry.id, entry]))
  const found = new Map(candidate.rules.map((rule) => [rule.id, rule]))
  const asked: CandidateTargets = {
    parts: targets.parts,
    ...(targets.release === true && { release: true }),
    pinned: true,
    variant: candidate.variant,
    contract,
  }
  const expected = ruleIndex.requirements.filter((entry) => applicability(entry, asked).parts.length > 0)
  // The level is the index's: a report may call a must a should.
  const rules = candidate.rules.map((rule) => ({ ...rule, level: known.get(rule.id)?.level ?? rule.level }))
  const isFalselyWaived = (rule: RuleVerdict): boolean =>
    rule.status === 'waived' && !isWaivedRightly(rule, { today, isWaivable: mayBeWaived(ruleIndex, contract, rule.id) })
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ['lacks', expected.filter(({ id }) => !found.has(id)).map(({ id }) => id)],
    ['did not judge', expected.filter(({ id }) => found.get(id)?.status === 'not-applicable').map(({ id }) => id)],
    ['knows rules that are none today:', rules.filter(({ id }) => !known.has(id)).map(({ id }) => id)],
    ['judges by another wording:', rules.filter((rule) => isReworded(rule, known)).map(({ id }) => id)],
    ['lists twice', rules.map(({ id }) => id).filter((id, at, all) => all.indexOf(id) < at)],
    ['has red', rules.filter(isRed).map(({ id, status }) => `${id} ${status}`)],
    ['waives what it must not:', rules.filter(isFalselyWaived).map(({ id }) => id)],
  ]
  const reasons = groups.flatMap(([what, ids]) => (ids.length === 0 ? [] : [`${what} ${listed(ids)}`]))
  const exit = exitCodeOf(rules, [])
  if (candidate.exitCode !== exit) reasons.push(`says exit ${candidate.exitCode}, its rules give ${exit}`)
  const waived = rules.flatMap(({ waivers = [] }) => waivers.map(({ id, ...rest }) => ({ rule: id, ...rest })))
  return { reasons, waived }
}

/** `conforms`, or that and what of it is waived: never the plain word for a candidate that needed a waiver. */
export function verdictText(waived: readonly WaivedRule[]): string {
  if (waived.length === 0) return 'conforms'
  return `conforms, ${waived.length} waived (${waived.map(({ rule, expires }) => `${rule} until ${expires}`).join(', ')})`
}

function isRed({ level, status }: RuleVerdict): boolean {
  return status === 'missing' || (level === 'must' && ['fail', 'inconclusive', 'blocked'].includes(status))
}

function isReworded({ id, sentence }: RuleVerdict, known: ReadonlyMap<string, RuleIndexEntry>): boolean {
  const entry = known.get(id)
  return entry !== undefined && entry.sentence !== sentence
}

function isWaivedRightly(
  { id, waivers = [] }: RuleVerdict,
  { today, isWaivable }: { readonly today: string; readonly isWaivable: boolean },
): boolean {
  return (
    isWaivable &&
    waivers.length > 0 &&
    waivers.every((one) => {
      const waiver = { ...one, variant: undefined }
      return ruleOf(waiver) === id && !isExpired(waiver, today) && !isTooLong(waiver, today)
    })
  )
}

function listed(ids: readonly string[]): string {
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''
  return `${ids.slice(0, NAMED).join(', ')}${more}`
}
