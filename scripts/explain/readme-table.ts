// The table of rules in specs/README.md, between two comments that Markdown does not show. Cells are not padded, so that
// a new rule is one new line.
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'

export const README_PATH = 'specs/README.md'
const BEGIN = '<!-- rules -->'
const END = '<!-- /rules -->'

/** `readme` with the table as the rule index has it. Throws when the two comments are not there, once each and in order. */
export function withRuleTable(readme: string, { requirements }: RuleIndex): string {
  const [before, table, ...more] = readme.split(BEGIN)
  const [, after, ...rest] = (table ?? '').split(END)
  if (before === undefined || after === undefined || more.length > 0 || rest.length > 0)
    throw new Error(`expected ${BEGIN} and ${END} once each in ${README_PATH}`)
  const rows = [['rule', 'level', 'compares with', 'what must be true'], ...requirements.map(toRow)]
  return `${before}${BEGIN}\n\n${renderTable(rows)}\n\n${END}${after}`
}

function toRow({ id, level, sentence, file, pinned }: RuleIndexEntry): readonly string[] {
  return [`[${id}](${file.replace(/^specs\//, '')})`, level, pinned ? 'the lock' : '', sentence.replaceAll('|', '\\|')]
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}
