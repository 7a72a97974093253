// Findings for a person at a terminal: each with its place and its cure, one line at the end.
import { styleText } from 'node:util'
import { formatPlace } from '#harness/formats/yaml/nodes.ts'
import { CONFIG_STATUSES, type ConfigStatus, type ConfigVerdict } from '#specs/config/judge.ts'
import type { ConfigFinding } from '#specs/support/config-rule.ts'
import { printableStrings } from '../judge/verdict/printable.ts'

export type LintReport = {
  readonly schema: 1
  readonly files: readonly string[]
  readonly variant: string
  readonly contract: string
  readonly lock?: string
  readonly rules: readonly ConfigVerdict[]
  /** 0 right, 1 a must fails, 2 a must could not be judged. */
  readonly exitCode: 0 | 1 | 2
}

type Format = Parameters<typeof styleText>[0]
type Paint = (format: Format, text: string) => string

/** Colours only where `stream` is a terminal and NO_COLOR is not set. */
export function renderLint(lint: LintReport, stream: NodeJS.WritableStream): string {
  const report = printableStrings(lint)
  const paint: Paint = (format, text) => styleText(format, text, { stream })
  return [
    `${paint('bold', report.files.join(' + '))} as ${report.variant}`,
    '',
    ...report.rules.flatMap((rule) => renderRule(rule, paint)),
    summaryLine(report, paint),
    '',
  ].join('\n')
}

function renderRule(rule: ConfigVerdict, paint: Paint): readonly string[] {
  if (rule.status === 'blocked')
    return [head('BLOCKED', 'yellow', rule, paint), field('because', rule.reason ?? ''), '']
  const notes = rule.findings.filter(({ kind }) => kind === 'note')
  const rest = rule.findings.filter(({ kind }) => kind !== 'note')
  return [
    ...(rest.length === 0 ? [] : [...renderFindings(rule, rest, paint), '']),
    ...(notes.length === 0 ? [] : [head('NOTE', 'cyan', rule, paint), ...notes.flatMap(renderFinding), '']),
  ]
}

function renderFindings(rule: ConfigVerdict, findings: readonly ConfigFinding[], paint: Paint): readonly string[] {
  // What a `should` tells does not gate: to a person it is a note.
  const [word, colour]: [string, Format] =
    rule.status === 'inconclusive'
      ? ['INCONCLUSIVE', 'yellow']
      : rule.level === 'should'
        ? ['NOTE', 'cyan']
        : ['FAIL', 'red']
  const fix = rule.status === 'fail' ? [field('fix', rule.fix)] : []
  return [head(word, colour, rule, paint), ...findings.flatMap(renderFinding), ...fix]
}

function head(word: string, colour: Format, rule: ConfigVerdict, paint: Paint): string {
  const level = rule.level === 'should' ? ' (should)' : ''
  return `${paint(colour, `${word} ${rule.id}`)}${level} ${rule.sentence}`
}

function renderFinding({ at, message, expected, got }: ConfigFinding): readonly string[] {
  return [
    field('where', formatPlace(at)),
    field('found', message),
    ...(expected === undefined ? [] : [field('expected', expected)]),
    ...(got === undefined ? [] : [field('got', got)]),
  ]
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text.split('\n').join(`\n${' '.repeat(12)}`)}`
}

/** The one line that says it all. */
function summaryLine({ rules, exitCode, contract, files, lock }: LintReport, paint: Paint): string {
  const verdict = exitCode === 0 ? 'GREEN' : exitCode === 1 ? 'RED' : 'INCONCLUSIVE'
  const notes = rules.filter(({ level, status }) => level === 'should' && status === 'fail')
  const others = rules.filter((rule) => !notes.includes(rule))
  const counted = [
    ...CONFIG_STATUSES.flatMap((status) =>
      count(
        others.filter((rule) => rule.status === status),
        status,
      ),
    ),
    ...count(notes, 'note'),
  ]
  const colour = exitCode === 0 ? 'green' : exitCode === 1 ? 'red' : 'yellow'
  const against = lock === undefined ? contract : `${contract}, ${lock}`
  const text = `${verdict}: ${files.length} file${files.length === 1 ? '' : 's'}: ${counted.join(', ')}; ${against}`
  return paint(colour, text)
}

function count(rules: readonly ConfigVerdict[], word: ConfigStatus | 'note'): readonly string[] {
  if (rules.length === 0) return []
  const ids = word === 'fail' || word === 'note' ? ` (${rules.map(({ id }) => id).join(', ')})` : ''
  return [`${rules.length} ${word}${ids}`]
}
