// The rules by area, each with its status for every candidate side by side and, opened, its details.
import { areaOf, areaTitle } from '../../verdict/areas.ts'
import { STATUSES, type Conformance, type RuleVerdict } from '../../verdict/conformance.ts'
import { accountOf, tally, type Line } from '../account.ts'
import { markup, type Markup } from '../markup.ts'
import { renderBadge } from './status.ts'

/** Takes `size` bytes off what is left for accounts, or says that they do not fit. */
export type Take = (size: number) => boolean

type Case = { readonly name: string; readonly rule: RuleVerdict }

export function renderRules({ candidates }: Conformance, names: readonly string[], take: Take): Markup {
  const ids = [...new Set(candidates.flatMap(({ rules }) => rules.map(({ id }) => id)))]
  const areas = [...new Set(ids.map((id) => areaOf({ id })))]
  return markup`${areas.map((area) => {
    const own = ids.filter((id) => areaOf({ id }) === area)
    const cases = own.map((id) =>
      candidates.flatMap(({ rules }, at) =>
        rules.filter((rule) => rule.id === id).map((rule) => ({ name: names[at] ?? '', rule })),
      ),
    )
    return renderArea(area, cases, names, take)
  })}`
}

function renderArea(area: string, rules: readonly (readonly Case[])[], names: readonly string[], take: Take): Markup {
  const statuses = rules.flatMap((cases) => cases.map(({ rule }) => rule.status))
  const columns =
    names.length < 2
      ? ''
      : markup`<div class="columns" aria-hidden="true">${names.map((name) => markup`<span>${name}</span>`)}</div>`
  return markup`<section class="area" id="area-${area}"><header><h3>${areaTitle(area)}</h3>
<span class="quiet">${tally(statuses, STATUSES)}</span>${columns}</header>
<div class="rules">
${rules.map((cases) => renderRule(cases, take))}</div></section>
`
}

function renderRule(cases: readonly Case[], take: Take): Markup {
  const [first] = cases
  if (first === undefined) return markup``
  const { id, level, sentence } = first.rule
  const statuses = [...new Set(cases.map(({ rule }) => rule.status))]
  const open = statuses.some((status) => status === 'fail' || status === 'missing')
  const badges = cases.map(({ name, rule }) => {
    const who = cases.length < 2 ? '' : markup`<span class="who">${name} </span>`
    return markup`<span>${who}${renderBadge(rule.status)}</span>`
  })
  return markup`<details class="rule" id="rule-${id}" data-level="${level}" data-statuses="${statuses.join(' ')}"${open ? markup` open` : ''}>
<summary><span class="id">${id}</span><span>${prose(sentence)}${level === 'should' ? markup` <span class="badge none">should</span>` : ''}</span><span class="statuses">${badges}</span></summary>
<div class="body"><div class="side">
${cases.map((one) => renderCase(one, take))}</div></div></details>
`
}

function renderCase({ name, rule }: Case, take: Take): Markup {
  const account = accountOf(rule).map((group) => markup`<dl class="facts">${group.map(renderLine)}</dl>\n`)
  const rendered = markup`${account}`
  const fits = take(Buffer.byteLength(rendered.markup))
  const shown = fits ? rendered : markup`<p>Too long for this page; conformance.json has it.</p>\n`
  const took = rule.durationMs < 1 ? '' : `, ${Math.round(rule.durationMs)} ms`
  return markup`<section><h4>${name}: ${rule.status}</h4>
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
