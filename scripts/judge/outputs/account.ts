// Facts that a rendering gives beside a verdict's status: the same in every format, cut to what a person reads.
import { formatLocation } from '#harness/errors.ts'
import { isImageless } from '#specs/support/applicability.ts'
import type { CandidateVerdict, Conformance, Finding, RuleVerdict, Status } from '../verdict/conformance.ts'
import { describeDifference } from '../verdict/difference.ts'
import { isRelease } from '../run/release.ts'

/** A rule that fails a thousand times shows its first findings; all of them are in conformance.json. */
const MAX_FINDINGS = 10
const MAX_CHARACTERS = 2000

export type Line = readonly [label: string, text: string]

/** Groups of labelled texts: one for each finding, then why and what to do. Empty for a rule that passes. */
export function accountOf(rule: RuleVerdict): readonly (readonly Line[])[] {
  if (rule.status === 'pass') return []
  const more = rule.findings.length - MAX_FINDINGS
  const rest: Line[] = []
  if (more > 0) rest.push(['and', `${more} more findings in conformance.json`])
  if (rule.reason !== undefined && !rule.findings.some(({ message }) => message === rule.reason))
    rest.push(['because', shorten(rule.reason)])
  for (const text of rule.about ?? []) rest.push(['about', shorten(text)])
  if (rule.status === 'fail' || rule.status === 'waived') rest.push(['fix', rule.fix])
  return [...rule.findings.slice(0, MAX_FINDINGS).map((one) => describeFinding(one, rule.status)), rest].filter(
    (group) => group.length > 0,
  )
}

/** The account as plain text, a line or more for each label. */
export function accountText(rule: RuleVerdict): string {
  return accountOf(rule)
    .map((group) =>
      group.map(([label, text]) => `${label.padEnd(9)} ${text.replaceAll('\n', '\n          ')}`).join('\n'),
    )
    .join('\n\n')
}

/** The location of a finding, expected, got; `status` is that of its rule. */
export function describeFinding(finding: Finding, status: Status): readonly Line[] {
  const where = formatLocation(finding.where)
  const place: readonly Line[] = where === '' ? [] : [['where', shorten(where)]]
  if (status === 'inconclusive') return [...place, ['because', shorten(finding.message)]]
  const difference = describeDifference(finding).map(([label, text]) => [label, shorten(text)] as const)
  const found: readonly Line[] = saysWhat(finding) ? [['found', shorten(finding.message)]] : []
  return [...place, ...found, ...difference]
}

/** True where the message says more than expected and got do: that of an expectation only repeats them. */
export function saysWhat({ part, expected, got }: Finding): boolean {
  return isImageless(part) || (expected === undefined && got === undefined)
}

/** `text` without its end, when it is too long to be read. */
export function shorten(text: string, most: number = MAX_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}… (${text.length - most} characters more)`
}

export function verdictWord(exitCode: number): string {
  return exitCode === 0 ? 'Conforms' : exitCode === 1 ? 'Does not conform' : 'Not fully judged'
}

/** `55 pass, 3 fail`, statuses that no rule has left out. */
export function tally(statuses: readonly Status[], order: readonly Status[]): string {
  return order
    .map((status) => [status, statuses.filter((one) => one === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ')
}

/** A short name for each candidate: its variant, numbered where several candidates are of one; both variants: release. */
export function candidateNames({ candidates }: Conformance): readonly string[] {
  const same = (one: CandidateVerdict): readonly CandidateVerdict[] =>
    candidates.filter(({ variant }) => variant === one.variant)
  return candidates.map((one) => {
    if (isRelease(one.reference)) return one.reference
    return same(one).length === 1 ? one.variant : `${one.variant} ${same(one).indexOf(one) + 1}`
  })
}
