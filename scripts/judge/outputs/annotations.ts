// GitHub's annotations, which are lines on standard output:
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
import { randomUUID } from 'node:crypto'
import { printable, printableStrings } from '../verdict/printable.ts'
import type { Conformance, RuleVerdict } from '../verdict/conformance.ts'
import { accountText, candidateNames, shorten } from './account.ts'

/** GitHub cuts annotations at 4 KiB. */
const MAX_MESSAGE = 3500

/** A line for each rule that is not green; what is blocked is left out, its cause is there. */
export function renderAnnotations(verdict: Conformance): string {
  const conformance = printableStrings(verdict)
  const names = candidateNames(conformance)
  return [
    ...conformance.candidates.flatMap(({ rules }, at) =>
      rules.filter(isReported).map((rule) => {
        const title = `${rule.id} ${rule.status}: ${names[at]}`
        return command(rule.level === 'must' ? 'error' : 'warning', { ...placeOf(rule), title }, describe(rule))
      }),
    ),
    ...conformance.runErrors.map((runError) =>
      command('error', { title: 'run error' }, shorten(runError, MAX_MESSAGE)),
    ),
  ].join('')
}

/** Of a command that judged nothing; `title` is a code of harness/errors.ts, or says what is wrong. */
export function renderFailureAnnotation(title: string, message: string): string {
  return command('error', { title }, shorten(printable(message, { lines: true }), MAX_MESSAGE))
}

/**
 * `text` between the commands that stop and resume commands: the runner obeys any line that begins with `::`, however
 * far indented, and what an image says must not become one.
 */
export function withoutCommands(text: string, token: string = randomUUID()): string {
  return `::stop-commands::${token}\n${text}${text.endsWith('\n') ? '' : '\n'}::${token}::\n`
}

/** The place to look at: the line of a machine configuration, else the rule, since an image is no file here. */
function placeOf({ spec, findings: [finding] }: RuleVerdict): Readonly<Record<string, string>> {
  const { path, line, column } = finding?.where ?? {}
  if (finding?.part === 'config' && path !== undefined && line !== undefined)
    return { file: path, line: String(line), ...(column !== undefined && { col: String(column) }) }
  const [, file = spec, at] = /^(.*?)(?::(\d+))?$/.exec(spec) ?? []
  return at === undefined ? { file } : { file, line: at }
}

function isReported({ status }: RuleVerdict): boolean {
  return status === 'fail' || status === 'inconclusive' || status === 'missing'
}

function describe(rule: RuleVerdict): string {
  return shorten(`${rule.sentence}\n${accountText(rule)}`, MAX_MESSAGE)
}

function command(name: string, properties: Readonly<Record<string, string>>, message: string): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`)
  return `::${name} ${listed.join(',')}::${escapeData(message)}\n`
}

function escapeData(text: string): string {
  return text.toWellFormed().replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
