// JUnit's XML: a test suite for each candidate, a test case for each rule. It keeps to what the schemas of Jenkins
// (xunit-plugin, junit-10.xsd) and of Ant's JUnitReport both admit: one outcome for each case, outputs at the end.
import { areaOf } from '../verdict/areas.ts'
import { printableStrings } from '../verdict/printable.ts'
import type { CandidateVerdict, Conformance, RuleVerdict } from '../verdict/conformance.ts'
import { describeBoot, isUnpinned } from './boots.ts'
import { accountText, candidateNames } from './account.ts'
import { markup, type Markup } from './markup.ts'

type Outcome = 'failure' | 'error' | 'skipped'
type Case = {
  readonly name: string
  readonly area: string
  readonly seconds: number
  readonly outcome?: Outcome
  readonly detail: Markup
}

/** Renders JUnit: only what gates is a failure (a `must` that fails) or an error (one that could not be judged). */
export function renderJunit(verdict: Conformance): string {
  const conformance = printableStrings(verdict)
  const names = candidateNames(conformance)
  const suites = [
    ...conformance.candidates.map((candidate, at) => ({
      name: names[at] ?? candidate.variant,
      out: describeCandidate(candidate, conformance),
      cases: candidate.rules.map(toCase),
    })),
    ...(conformance.runErrors.length === 0
      ? []
      : [{ name: 'the run itself', out: '', cases: conformance.runErrors.map(toRunError) }]),
  ]
  const rendered = suites.map(({ name, out, cases }, id) => renderSuite(name, out, cases, id, conformance))
  return markup`<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${rendered}</testsuites>\n`.markup
}

function renderSuite(name: string, out: string, cases: readonly Case[], id: number, verdict: Conformance): Markup {
  const count = (outcome: Outcome): number => cases.filter((one) => one.outcome === outcome).length
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3)
  // Both schemas want local time without a zone; ours is UTC.
  const at = verdict.judgedAt === undefined ? '' : markup` timestamp="${verdict.judgedAt.slice(0, 19)}"`
  const lines = cases.map(
    (one) =>
      markup`<testcase classname="${name}.${one.area}" name="${one.name}" time="${one.seconds.toFixed(3)}">${one.detail}</testcase>\n`,
  )
  return markup`<testsuite id="${id}" package="${verdict.tool.name}" name="${name}" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds}" hostname="localhost"${at}>
<properties><property name="rules" value="${verdict.rules}"/></properties>
${lines}<system-out>${out}</system-out>
<system-err></system-err>
</testsuite>
`
}

function toCase(rule: RuleVerdict): Case {
  const outcome = outcomeOf(rule)
  const { id, sentence, durationMs } = rule
  const common = { name: `${id} ${sentence}`, area: areaOf(rule), seconds: durationMs / 1000 }
  if (outcome === undefined) return { ...common, detail: markup`` }
  return { ...common, outcome, detail: renderOutcome(outcome, rule) }
}

function outcomeOf({ level, status }: RuleVerdict): Outcome | undefined {
  if (status === 'pass') return undefined
  if (status === 'not-applicable' || status === 'waived' || level === 'should') return 'skipped'
  return status === 'fail' ? 'failure' : 'error'
}

function renderOutcome(outcome: Outcome, rule: RuleVerdict): Markup {
  const [finding] = rule.findings
  const gates = outcome !== 'skipped' || rule.level === 'must' || rule.status === 'not-applicable'
  const said = [`${rule.status}${gates ? '' : ' (a should, it does not gate)'}`, rule.reason ?? finding?.message]
  const message = said
    .filter((part) => part !== undefined)
    .join(': ')
    .replaceAll('\n', ' ')
  if (outcome === 'skipped') return markup`<skipped message="${message}">${accountText(rule)}</skipped>`
  const type = finding?.code ?? rule.status
  if (outcome === 'error') return markup`<error type="${type}" message="${message}">${accountText(rule)}</error>`
  return markup`<failure type="${type}" message="${message}">${accountText(rule)}</failure>`
}

function toRunError(runError: string, at: number): Case {
  const message = runError.replaceAll('\n', ' ')
  const detail = markup`<error type="run error" message="${message}">${runError}</error>`
  return { name: `run error ${at + 1}`, area: 'run', seconds: 0, outcome: 'error', detail }
}

function describeCandidate({ reference, digest, variant, boot }: CandidateVerdict, conformance: Conformance): string {
  const start = boot === undefined ? '' : `\n${describeBoot(boot).join('\n')}`
  const compared = !isUnpinned(conformance) ? '' : '\nNOT PINNED: nothing was compared with an upstream release'
  return `${reference} as ${variant}${digest === undefined ? '' : `\n${digest}`}${start}${compared}`
}
