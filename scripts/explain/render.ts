// Explanations for a person at a terminal.
import { styleText } from 'node:util'
import { areaOf, areaTitle } from '../judge/verdict/areas.ts'
import type { Explanation } from './collect.ts'

const INDENT = 18

const SCOPES: Readonly<Record<Explanation['rule']['scope'], string>> = {
  part: 'each part of a candidate on its own',
  installer: 'the installer image of a candidate',
  parts: 'the parts of a candidate against each other',
  release: 'the candidates of a release against each other',
  project: 'the machine configurations of all nodes against each other',
}

export type Terminal = { readonly stream: NodeJS.WritableStream; readonly columns: number }

/** Explanations with a head above each area. */
export function renderExplanations(explanations: readonly Explanation[], terminal: Terminal): string {
  const areas = [...new Set(explanations.map(({ rule }) => areaOf(rule)))]
  return areas
    .flatMap((area) => [
      styleText('underline', areaTitle(area), { stream: terminal.stream }),
      ...explanations.filter(({ rule }) => areaOf(rule) === area).map((one) => renderExplanation(one, terminal)),
    ])
    .join('\n\n')
    .concat('\n')
}

function renderExplanation(
  { rule, why, source, needs, neededBy, counterexamples }: Explanation,
  terminal: Terminal,
): string {
  const lines: readonly (readonly [label: string, texts: readonly string[]])[] = [
    ['why it matters', [why ?? 'no counterexample says so yet']],
    ['source', [source]],
    ['stated in', [rule.file]],
    ['targets', [rule.targets.join(', ')]],
    ['judges', [SCOPES[rule.scope]]],
    [
      'only for',
      [...describeOnly(rule.only), ...(rule.forms === undefined ? [] : [`of media: ${rule.forms.join(', ')}`])],
    ],
    ['compares with', rule.pinned ? ['the pinned upstream release (the lock)'] : []],
    ['needs', needs.map(({ id, sentence }) => `${id} ${sentence}`)],
    ['needed by', neededBy.length === 0 ? [] : [neededBy.join(', ')]],
    ['counterexamples', counterexamples.map(({ name, because }) => `${name}: ${because}`)],
    ['how to fix', [rule.fix]],
  ]
  const head = `${styleText('bold', rule.id, { stream: terminal.stream })} (${rule.level}) ${rule.sentence}`
  return [
    ...wrap(head, terminal.columns),
    ...lines.flatMap(([label, texts]) =>
      texts.flatMap((text, first) =>
        wrap(text, terminal.columns - INDENT).map(
          (line, at) => `  ${(first + at === 0 ? label : '').padEnd(INDENT - 2)}${line}`,
        ),
      ),
    ),
  ].join('\n')
}

function describeOnly({ role, extension, service }: NonNullable<Explanation['rule']['only']> = {}): readonly string[] {
  return [
    ...(role === undefined ? [] : [`variants of the role ${role}`]),
    ...(extension === undefined ? [] : [`variants with the extension ${extension}`]),
    ...(service === undefined ? [] : [`variants with the service ${service}`]),
  ]
}

/** Lines of at most `width` characters where words allow it. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
