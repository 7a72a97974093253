// Drift for a person: at a terminal, and as Markdown for an issue.
import { styleText } from 'node:util'
import { printable } from '../judge/verdict/printable.ts'
import type { Change, Effect } from './changes/change.ts'
import { verdictSentence, type Drift, type DriftTarget } from './report.ts'

type Format = Parameters<typeof styleText>[0]

const COLOURS: Readonly<Record<Effect, Format>> = { breaks: 'red', decide: 'yellow', note: 'dim' }
const KINDS = { patch: 'patch', minor: 'minor', 'pre-release': 'pre-release' } as const

/** One line; there is nothing else to say. */
export function renderNone({ from, upstream }: Drift): string {
  return `no drift: Talos ${from} is the newest of ${upstream}, and as the lock has it\n`
}

export function renderTerminal(drift: Drift, stream: NodeJS.WritableStream): string {
  const line = (one: Change): readonly string[] => changeLines(one, stream)
  return [
    `Talos ${drift.from}: ${newerSentence(drift)}`,
    ...(drift.locked.length === 0 ? [] : ['', `${drift.from}, as it is by now`, ...drift.locked.flatMap(line)]),
    ...drift.targets.flatMap((target) => ['', heading(drift, target), ...target.changes.flatMap(line)]),
    '',
    ...drift.targets.flatMap((target) => (target.verdict === undefined ? [] : [verdictSentence(target)])),
    '',
  ].join('\n')
}

/** A line, and below it what is to be done; names of files and extensions cannot begin another line. */
export function changeLines(
  { effect, sentence, was, is, rules, contract, config, action }: Change,
  stream: NodeJS.WritableStream,
): readonly string[] {
  const paint = (format: Format, text: string): string => styleText(format, text, { stream })
  return [
    `  ${paint(COLOURS[effect], effect.padEnd(6))}  ${printable(sentence + values(was, is))}`,
    ...(effect === 'note' || touched(rules, contract, config) === ''
      ? []
      : [`          ${paint('dim', 'touches')} ${printable(touched(rules, contract, config))}`]),
    ...(effect === 'note' || action === '' ? [] : [`          ${paint('dim', 'do')}      ${printable(action)}`]),
  ]
}

function values(was: string | undefined, is: string | undefined): string {
  if (was === undefined || is === undefined) return ''
  return ` (was ${shorten(was)})`
}

/** A digest by its first digits. */
function shorten(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1…')
}

function touched(...groups: readonly (readonly string[])[]): string {
  return groups.flat().join(', ')
}

function newerSentence({ newer }: Drift): string {
  if (newer.length === 0) return 'nothing newer'
  return newer.map(({ talos, kind }) => `${talos} (${KINDS[kind]})`).join(', ')
}

function heading({ from }: Drift, { talos, kind, admitted }: DriftTarget): string {
  return `${from} → ${talos} (${KINDS[kind]}${admitted ? '' : ', not in the range of the contract'})`
}

/** The characters that Markdown takes for more than text. */
const MARKUP = /[\\`*_{}[\]<>#|~]/g

/** The characters that make entities, mentions and links even behind a backslash. */
const REFERENCE = /[&@]|:(?=\/\/)/g

/** Text as one line of Markdown: a line feed would end a heading or the row of a table. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(MARKUP, '\\$&')
    .replace(REFERENCE, (character) => `&#${character.charCodeAt(0)};`)
}

/** The rows of a table, with an empty line before and behind it. */
export function changeTable(changes: readonly Change[]): readonly string[] {
  const row = ({ effect, sentence, was, is, rules, contract, config, action }: Change): string =>
    `| ${effect} | ${escapeMarkdown(sentence + values(was, is))} | ${escapeMarkdown(touched(rules, contract, config))} | ${escapeMarkdown(action)} |`
  return ['', '| effect | what | touches | what to do |', '| --- | --- | --- | --- |', ...changes.map(row), '']
}

export function renderMarkdown(drift: Drift): string {
  const escape = escapeMarkdown
  return [
    `# Talos ${escape(drift.from)}: ${escape(newerSentence(drift))}`,
    '',
    ...drift.targets.flatMap((target) =>
      target.verdict === undefined ? [] : [`**${escape(verdictSentence(target))}**`, ''],
    ),
    ...(drift.locked.length === 0 ? [] : [`## ${escape(drift.from)}, as it is by now`, ...changeTable(drift.locked)]),
    ...drift.targets.flatMap((target) => [`## ${escape(heading(drift, target))}`, ...changeTable(target.changes)]),
  ].join('\n')
}
