// The README's table of rules, between two comments that Markdown does not show.
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'

export const README_PATH = 'README.md'
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
  return [`[${id}](${file})`, level, pinned ? 'the lock' : '', sentence.replaceAll('|', '\\|')]
}

/** As the formatter leaves it: every column as wide as its widest cell. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const widths = head.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
