// The head of the page: the verdict, then each candidate with its own, then a way to every rule that is not green.
import {
  STATUSES,
  type CandidateVerdict,
  type Conformance,
  type RuleVerdict,
  type Status,
} from '../../verdict/conformance.ts'
import { lockCommand } from '#specs/contract/lock.ts'
import { shorten, tally, verdictWord } from '../account.ts'
import { describeBoot, isUnpinned } from '../boots.ts'
import { markup, type Markup } from '../markup.ts'
import { isRelease } from '../../run/release.ts'
import { renderBadge, toneOf } from './status.ts'

const NOT_GREEN: readonly Status[] = ['fail', 'missing', 'inconclusive', 'blocked', 'waived']

export function renderVerdict(conformance: Conformance, names: readonly string[]): Markup {
  const { candidates, exitCode, selected, runErrors } = conformance
  const statuses = candidates.flatMap(({ rules }) => rules.map(({ status }) => status))
  const images = candidates.filter(({ reference }) => !isRelease(reference)).length
  const together = images < candidates.length ? ' and their release' : ''
  const many = `${images === 1 ? '1 candidate' : `${images} candidates`}${together}`
  const notes = [
    ...(isUnpinned(conformance)
      ? ['Not pinned: nothing was compared with an upstream release, only the structure was judged.']
      : []),
    ...(selected === undefined ? [] : [`Only these rules were judged: ${selected.join(', ')}.`]),
    ...runErrors.map((runError) => `Run error: ${shorten(runError)}`),
  ]
  return markup`<header class="verdict ${toneOf(exitCode)}"><h1>${verdictWord(exitCode)}</h1>
<p>${many}: ${tally(statuses, STATUSES)}</p>${failing(candidates)}</header>
${notes.map((note) => markup`<p class="note open">${note}</p>\n`)}<div class="side cards">
${candidates.map((candidate, at) => renderCandidate(candidate, names[at] ?? ''))}</div>
`
}

/** The most rules that the command to explain them names. */
const MAX_EXPLAINED = 8

/** The command that comes next. */
export function renderNext({ candidates, exitCode, lock, contract }: Conformance): Markup {
  const failed = candidates.flatMap(({ rules }) => rules.filter(({ status }) => status === 'fail').map(({ id }) => id))
  const absent = candidates.some(({ rules }) =>
    rules.some((rule) => rule.findings.some(({ code }) => code === 'FACT_ABSENT')),
  )
  const [first] = candidates
  const talos = lock?.talos ?? first?.claimedTalos
  const steps: readonly (readonly [why: string, command: string])[] = [
    ...(failed.length === 0
      ? []
      : [
          [
            'says why each rule that fails matters, and what breaks it',
            `npx talos-image explain ${[...new Set(failed)].slice(0, MAX_EXPLAINED).join(' ')}`,
          ] as const,
        ]),
    ...(absent && lock !== undefined
      ? [
          [
            'writes the facts that the lock lacks',
            lockCommand(talos, { lock: lock.path, contract: contract.path }),
          ] as const,
        ]
      : []),
    ...(exitCode === 0 && first?.reference.startsWith('oci:') === true
      ? [['publishes what conforms', 'npx talos-image publish out NAMESPACE'] as const]
      : []),
    ...(exitCode === 0 &&
    candidates.some(
      ({ reference, node }) =>
        node === undefined &&
        !isRelease(reference) &&
        !reference.includes(':/') &&
        /^[\w.-]+(?::\d+)?\//.test(reference),
    )
      ? [
          [
            'moves a channel to this image',
            `npx talos-image promote ${shorten(first?.reference ?? '', 300)} CHANNEL`,
          ] as const,
        ]
      : []),
  ]
  if (steps.length === 0) return markup``
  return markup`<h2 id="next">The next command</h2>
<dl class="card next">${steps.map(([why, command]) => markup`<dt><code>${command}</code></dt><dd class="quiet">${why}</dd>\n`)}</dl>
`
}

function failing(candidates: readonly CandidateVerdict[]): Markup {
  const failed = candidates.flatMap(({ rules }) => rules.filter(({ status }) => status === 'fail').map(({ id }) => id))
  const links = [...new Set(failed)].map((id) => markup`<li><a href="#rule-${id}">${id}</a></li>`)
  return links.length === 0 ? markup`` : markup`<ul class="links"><li>What fails:</li>${links}</ul>`
}

function renderCandidate(candidate: CandidateVerdict, name: string): Markup {
  const { rules, reference, digest, claimedTalos, targets, exitCode, node } = candidate
  const listed = NOT_GREEN.map((status) => rules.filter((rule) => rule.status === status)).filter(
    (own) => own.length > 0,
  )
  const what = isRelease(reference) ? 'of' : node === undefined ? 'image' : 'node'
  return markup`<section class="card"><header><h2>${name}</h2><span class="badge ${toneOf(exitCode)}">${verdictWord(exitCode).toLowerCase()}</span></header>
<dl class="facts"><dt>${what}</dt><dd>${isRelease(reference) ? `${shorten(candidate.variant)}, held against each other` : markup`<code>${shorten(reference)}</code>`}</dd>
${digest === undefined ? '' : markup`<dt>digest</dt><dd><code>${digest}</code></dd>\n`}${claimedTalos === undefined ? '' : markup`<dt>Talos</dt><dd>${shorten(claimedTalos, 120)}</dd>\n`}${renderNode(node)}${renderBoot(candidate.boot)}${isRelease(reference) || node !== undefined ? '' : markup`<dt>judged as</dt><dd>${candidate.variant}${candidate.identified === undefined ? '' : `: ${shorten(candidate.identified)}`}</dd>\n`}<dt>targets</dt><dd>${targets.join(', ')}</dd>
<dt>rules</dt><dd>${tally(
    rules.map(({ status }) => status),
    STATUSES,
  )}</dd>
${listed.map(renderLinks)}</dl></section>
`
}

function renderNode(node: CandidateVerdict['node']): Markup {
  if (node === undefined) return markup``
  const { talos = '?', stage = '?', extensions = [], restless } = node
  const listed = extensions.map(({ name, version }) => `${name} ${version}`).join(', ')
  return markup`<dt>runs</dt><dd>Talos ${shorten(talos, 120)}, stage ${shorten(stage, 120)}${restless.length === 0 ? '' : `, ${shorten(restless.join(', '), 120)}`}</dd>
<dt>extensions</dt><dd>${shorten(listed || 'none')}</dd>
`
}

function renderBoot(boot: CandidateVerdict['boot']): Markup {
  if (boot === undefined) return markup``
  const [what = '', console = ''] = describeBoot(boot)
  return markup`<dt>start</dt><dd>${shorten(what)}<br>${shorten(console)}</dd>
`
}

function renderLinks(rules: readonly RuleVerdict[]): Markup {
  const links = rules.map(({ id }) => markup`<li><a href="#rule-${id}">${id}</a></li>`)
  return markup`<dt>${renderBadge(rules[0]?.status ?? 'missing')}</dt><dd><ul class="links">${links}</ul></dd>
`
}
