// The verdict as GitHub's Markdown (https://github.github.com/gfm/), for a pull request or a job's summary.
import { areaOf } from '../verdict/areas.ts'
import { printableStrings } from '../verdict/printable.ts'
import {
  STATUSES,
  type CandidateVerdict,
  type Conformance,
  type RuleVerdict,
  type Status,
} from '../verdict/conformance.ts'
import { accountOf, candidateNames, shorten, tally, verdictWord, type Line } from './account.ts'
import { describeBoot, isUnpinned } from './boots.ts'
import { NODE_HEAD, nodeRows } from './nodes.ts'
import { formatSize } from './size.ts'

const MAX_CELL = 120
const MAX_EXTENSIONS = 50
const UNJUDGED: readonly Status[] = ['missing', 'inconclusive', 'blocked']

export function renderMarkdown(verdict: Conformance): string {
  const conformance = printableStrings(verdict)
  const names = candidateNames(conformance)
  const { tool, rules, contract, lock } = conformance
  return [
    `# ${verdictWord(conformance.exitCode)}`,
    ...(isUnpinned(conformance) ? ['**Not pinned**: nothing was compared with an upstream release.'] : []),
    ...conformance.runErrors.map((runError) => `**Run error**: ${code(shorten(runError))}`),
    ...renderNodes(conformance),
    ...conformance.candidates.flatMap((candidate, at) => renderCandidate(candidate, names[at] ?? '')),
    `${plain(tool.name)} ${code(tool.version)}, rules ${code(rules)}, contract ${code(contract.path)}${lock === undefined ? '' : `, lock ${code(lock.talos ?? lock.path)}`}`,
  ]
    .join('\n\n')
    .toWellFormed()
    .concat('\n')
}

function renderNodes(conformance: Conformance): readonly string[] {
  const rows = nodeRows(conformance)
  return rows.length === 0
    ? []
    : [
        table(
          NODE_HEAD,
          rows.map((row) => row.map(cell)),
        ),
      ]
}

function renderCandidate(candidate: CandidateVerdict, name: string): readonly string[] {
  const { rules, digest, reference, boot } = candidate
  return [
    `## ${plain(name)}: ${verdictWord(candidate.exitCode).toLowerCase()}`,
    `${code(shorten(reference))}${digest === undefined ? '' : `  \n${code(digest)}`}`,
    ...(boot === undefined
      ? []
      : [
          describeBoot(boot)
            .map((line) => plain(shorten(line)))
            .join('  \n'),
        ]),
    renderAreas(rules),
    ...rules.filter(({ status }) => status === 'fail').map(renderRule),
    ...fold(
      'could not be judged',
      rules.filter(({ status }) => UNJUDGED.includes(status)),
    ),
    ...fold(
      'waived',
      rules.filter(({ status }) => status === 'waived'),
    ),
    ...renderExtensions(candidate),
  ]
}

function renderAreas(rules: readonly RuleVerdict[]): string {
  const shown = STATUSES.filter((status) => rules.some((rule) => rule.status === status))
  const areas = [...new Set(rules.map(areaOf))]
  return table(
    ['area', ...shown],
    areas.map((area) => {
      const own = rules.filter((rule) => areaOf(rule) === area)
      return [plain(area), ...shown.map((status) => String(own.filter((rule) => rule.status === status).length || '·'))]
    }),
  )
}

function fold(title: string, rules: readonly RuleVerdict[]): readonly string[] {
  if (rules.length === 0) return []
  const counted = tally(
    rules.map(({ status }) => status),
    STATUSES,
  )
  return [`<details><summary>${title}: ${counted}</summary>`, ...rules.map(renderRule), '</details>']
}

function renderRule(rule: RuleVerdict): string {
  const level = rule.level === 'should' ? ' (should)' : ''
  const head = `**${plain(rule.id)} ${rule.status}**${level}: ${prose(rule.sentence)}`
  return [head, ...accountOf(rule).map((group) => group.map(renderLine).join('\n'))].join('\n\n')
}

function renderLine([label, text]: Line): string {
  if (label === 'fix') return `- fix: ${prose(text)}`
  if (!text.includes('\n')) return `- ${label}: ${code(text)}`
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return [`- ${label}:`, '', `  ${fence}`, ...text.split('\n').map((line) => `  ${line}`), `  ${fence}`].join('\n')
}

function renderExtensions({ contents }: CandidateVerdict): readonly string[] {
  const { extensions = [] } = contents ?? {}
  if (extensions.length === 0) return []
  const rows = extensions
    .slice(0, MAX_EXTENSIONS)
    .map(({ name, version, size, services }) => [
      cell(name),
      cell(version),
      formatSize(size),
      cell(services.map((one) => one.name).join(', ')),
    ])
  const more = extensions.length - MAX_EXTENSIONS
  return [
    table(['extension', 'version', 'size', 'services'], rows),
    ...(more > 0 ? [`and ${more} more extensions`] : []),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n')
}

/** Our own sentences, in which backticks mark code. */
function prose(text: string): string {
  return text
    .split(/(`[^`\n]+`)/)
    .map((part, at) => (at % 2 === 1 ? code(part.slice(1, -1)) : plain(part)))
    .join('')
}

/** One line of text in which nothing is markup and nothing ends a table's cell. */
function plain(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replace(/[\\`*_~#[\]<>&@|]|:(?=\/\/)/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Code in a table: a code span cannot hold every text there, since a backslash before a bar would end its cell. */
function cell(text: string): string {
  return text === '' ? '' : `<code>${plain(shorten(text, MAX_CELL))}</code>`
}

/** A code span, whose text is shown literally. */
function code(text: string): string {
  const line = text.replaceAll('\n', ' ')
  if (line.trim() === '') return ''
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
