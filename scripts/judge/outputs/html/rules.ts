// The rules by area, each with its status for every candidate side by side and, opened, its details.
import { areaOf, areaTitle } from '../../verdict/areas.ts'
import { STATUSES, type Conformance, type RuleVerdict, type Status } from '../../verdict/conformance.ts'
import { isRelease } from '../../run/release.ts'
import { accountOf, tally, type Line } from '../account.ts'
import { markup, type Markup } from '../markup.ts'
import { renderBadge } from './status.ts'

/** Takes `size` bytes off what is left for accounts, or says that they do not fit. */
export type Take = (size: number) => boolean

type Case = { readonly name: string; readonly rule: RuleVerdict; readonly isOfRelease: boolean }

/** What needs somebody's attention, the most pressing first. */
const ATTENTION: readonly Status[] = ['fail', 'missing', 'inconclusive', 'blocked', 'waived']

/** First the rules that are not green, each with what to do, then the others by area, folded. */
export function renderRules({ candidates }: Conformance, names: readonly string[], take: Take): Markup {
  const ids = [...new Set(candidates.flatMap(({ rules }) => rules.map(({ id }) => id)))]
  const rows = ids.map((id) =>
    candidates.flatMap(({ rules, reference }, at) =>
      rules
        .filter((rule) => rule.id === id)
        .map((rule) => ({ name: names[at] ?? '', rule, isOfRelease: isRelease(reference) })),
    ),
  )
  // A release has no column: its rules are about all variants at once.
  const columns = names.filter((_, at) => !isRelease(candidates[at]?.reference ?? ''))
  const isPressing = (cases: readonly Case[]): boolean => cases.some(({ rule }) => ATTENTION.includes(rule.status))
  const pressing = rows.filter(isPressing).toSorted((a, b) => urgency(a) - urgency(b))
  const others = rows.filter((cases) => !isPressing(cases))
  const areaIn = (cases: readonly Case[]): string => areaOf(cases[0]?.rule ?? { id: '' })
  const areas = [...new Set(others.map(areaIn))]
  return markup`${pressing.length === 0 ? '' : renderPressing(pressing, columns, take)}<h2 id="holding">${pressing.length === 0 ? 'Rules' : 'All other rules'}</h2>
${areas.map((area) =>
  renderArea(
    area,
    others.filter((cases) => areaIn(cases) === area),
    columns,
    take,
  ),
)}`
}

function urgency(cases: readonly Case[]): number {
  return Math.min(...cases.map(({ rule }) => ATTENTION.indexOf(rule.status)).filter((at) => at >= 0))
}

function renderPressing(rows: readonly (readonly Case[])[], columns: readonly string[], take: Take): Markup {
  return markup`<h2 id="wrong">What to look at</h2>
<section class="area"><header><span class="quiet">${talliesOf(rows)}</span>${renderColumns(columns)}</header>
<div class="rules">
${rows.map((cases) => renderRule(cases, columns, take))}</div></section>
`
}

function renderArea(area: string, rows: readonly (readonly Case[])[], columns: readonly string[], take: Take): Markup {
  return markup`<details class="area" id="area-${area}"><summary><h3>${areaTitle(area)}</h3>
<span class="quiet">${talliesOf(rows)}</span></summary>
<div class="head">${renderColumns(columns)}</div><div class="rules">
${rows.map((cases) => renderRule(cases, columns, take))}</div></details>
`
}

function talliesOf(rows: readonly (readonly Case[])[]): string {
  return tally(
    rows.flatMap((cases) => cases.map(({ rule }) => rule.status)),
    STATUSES,
  )
}

function renderColumns(columns: readonly string[]): Markup {
  return columns.length < 2
    ? markup``
    : markup`<div class="columns" aria-hidden="true">${columns.map((name) => markup`<span>${name}</span>`)}</div>`
}

function renderRule(cases: readonly Case[], columns: readonly string[], take: Take): Markup {
  const [first] = cases
  if (first === undefined) return markup``
  const { id, level, sentence } = first.rule
  const statuses = [...new Set(cases.map(({ rule }) => rule.status))]
  const open = statuses.some((status) => status === 'fail' || status === 'missing')
  return markup`<details class="rule" id="rule-${id}" data-level="${level}" data-statuses="${statuses.join(' ')}"${open ? markup` open` : ''}>
<summary><span class="id">${id}</span><span>${prose(sentence)}${level === 'should' ? markup` <span class="badge none">should</span>` : ''}</span><span class="statuses">${badgesOf(cases, columns)}</span></summary>
<div class="body"><div class="side">
${cases.map((one) => renderCase(one, take))}</div></div></details>
`
}

/** A badge below each column, none where the rule is not about that image; that of a release alone stands last. */
function badgesOf(cases: readonly Case[], columns: readonly string[]): readonly Markup[] {
  const badge = ({ name, rule }: Case): Markup => {
    const who = columns.length < 2 ? '' : markup`<span class="who">${name} </span>`
    return markup`<span>${who}${renderBadge(rule.status)}</span>`
  }
  const own = cases.filter((one) => !one.isOfRelease)
  const ofRelease = cases.filter((one) => one.isOfRelease).map(badge)
  if (own.length === 0) return ofRelease
  const placed = columns.map((name) => own.find((one) => one.name === name))
  return [...placed.map((one) => (one === undefined ? markup`<span></span>` : badge(one))), ...ofRelease]
}

function renderCase({ name, rule }: Case, take: Take): Markup {
  // What to do stands first.
  const account = accountOf(rule)
    .toReversed()
    .map((group) => markup`<dl class="facts">${group.map(renderLine)}</dl>\n`)
  const rendered = markup`${account}`
  const fits = take(Buffer.byteLength(rendered.markup))
  const shown = fits ? rendered : markup`<p>Too long for this page; conformance.json has it.</p>\n`
  const took = rule.durationMs < 1 ? '' : `, ${Math.round(rule.durationMs)} ms`
  return markup`<section><h3 class="case">${name}: ${rule.status}</h3>
${shown}<p class="quiet"><code>${rule.spec}</code>${took}</p></section>
`
}

function renderLine([label, text]: Line): Markup {
  if (label === 'fix') return markup`<dt>fix</dt><dd>${prose(text)}</dd>`
  return markup`<dt>${label}</dt><dd><pre>${text}</pre></dd>`
}

/** Our own sentences, in which backticks mark code. */
function prose(text: string): Markup {
  return markup`${text.split(/`([^`\n]+)`/).map((part, at) => (at % 2 === 1 ? markup`<code>${part}</code>` : markup`${part}`))}`
}
