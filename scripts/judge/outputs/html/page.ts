// The verdict as one page: no network, no file beside it, readable without its script.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { printableStrings } from '../../verdict/printable.ts'
import { STATUSES, type Conformance, type Status } from '../../verdict/conformance.ts'
import { candidateNames, verdictWord } from '../account.ts'
import { markup, verbatim, type Markup } from '../markup.ts'
import { renderContents } from './contents.ts'
import { renderRules, type Take } from './rules.ts'
import { renderNext, renderVerdict } from './verdict.ts'

/**
 * The size that a mail or a review tool shows without asking; accounts that do not fit are left to conformance.json.
 */
const MAX_BYTES = 400_000

/** Statuses of more candidates do not fit beside a rule's sentence. */
const MAX_BESIDE = 3

const STYLE = readFileSync(new URL('style.css', import.meta.url), 'utf8')
const SCRIPT = readFileSync(new URL('script.js', import.meta.url), 'utf8')
/** The policy: nothing is loaded and nothing runs but the two that the page contains. */
const POLICY = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`

export function renderHtml(verdict: Conformance): string {
  const conformance = printableStrings(verdict)
  const bare = renderPage(conformance, (size) => size === 0)
  let left = MAX_BYTES - Buffer.byteLength(bare)
  return renderPage(conformance, (size) => {
    if (size > left) return false
    left -= size
    return true
  })
}

function renderPage(conformance: Conformance, take: Take): string {
  const names = candidateNames(conformance)
  const statuses = conformance.candidates.flatMap(({ rules }) => rules.map(({ status }) => status))
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdictWord(conformance.exitCode)}: ${names.join(', ')}</title>
<link rel="icon" href="data:,">
<style>${verbatim(STYLE)}</style>
</head>
<body>
<a class="skip" href="#rules">Skip to the rules</a>
<main class="${names.length > MAX_BESIDE ? 'many' : 'few'}">
${renderVerdict(conformance, names)}${renderNext(conformance)}<div id="rules">${renderFilter(statuses)}</div>
${renderRules(conformance, names, take)}${renderContents(conformance, names, take)}</main>
${renderFooter(conformance)}<script>${verbatim(SCRIPT)}</script>
</body>
</html>
`.markup
}

function renderFilter(statuses: readonly Status[]): Markup {
  const boxes = STATUSES.filter((status) => statuses.includes(status)).map(
    (status) => markup`<label><input type="checkbox" name="status" value="${status}" checked>${status}</label>`,
  )
  return markup`<form id="filter" hidden>
<label class="text"><span class="label">Text</span><input type="search" name="text" autocomplete="off"></label>
<label><span class="label">Level</span><select name="level"><option value="">must and should</option><option value="must">must</option><option value="should">should</option></select></label>
<fieldset><legend>Status</legend>${boxes}</fieldset>
<div class="actions"><button type="reset">Show all</button><button type="button" value="open">Open or close</button><output></output></div>
</form>
`
}

function renderFooter({ tool, rules, contract, lock, judgedAt }: Conformance): Markup {
  const locked =
    lock === undefined
      ? ''
      : markup`<br>lock ${lock.talos ?? ''} <code>${lock.path}</code> sha256:${lock.sha256.slice(0, 12)}`
  const when = judgedAt === undefined ? '' : `, ${judgedAt.slice(0, 16).replace('T', ' ')} UTC`
  return markup`<footer><p>${tool.name} ${tool.version}, Node ${tool.node}, vitest ${tool.vitest}${when}
<br>rules ${rules}, contract <code>${contract.path}</code> sha256:${contract.sha256.slice(0, 12)}${locked}</p></footer>
`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
