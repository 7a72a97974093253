// A comparison as one page: both sides beside each other, their sizes on one scale, every change. Nothing is loaded or run.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Change } from '../drift/changes/change.ts'
import { shorten } from '../judge/outputs/account.ts'
import { markup, verbatim, type Markup } from '../judge/outputs/markup.ts'
import { sentence, titleOf } from './render.ts'
import type { Diff, DiffSide } from './report.ts'
import { renderBar, renderPieces } from './sizes.ts'

const STYLE = readFileSync(new URL('../judge/outputs/html/style.css', import.meta.url), 'utf8')
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

const MAX_TEXT = 2000
const MAX_CHANGES = 1000
const MAX_PATHS = 500
const BADGES: Readonly<Record<Change['effect'], string>> = { breaks: 'bad', decide: 'open', note: 'mild' }

export function renderHtml(diff: Diff): string {
  const { was, is, changes, files } = diff
  const sides = [was, is].map((side) => renderSide(side, diff))
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${titleOf(was)} → ${titleOf(is)}</title>
<style>${verbatim(STYLE)}</style>
</head>
<body>
<main>
<h1>${sentence(diff)}</h1>
<div class="side">
${sides}</div>
<h2>Changes</h2>
${renderChanges(changes)}
${renderPieces(diff)}
${files === undefined ? '' : renderFiles(files)}</main>
</body>
</html>
`.markup
}

function renderSide(side: DiffSide, diff: Diff): Markup {
  const facts = [
    ['Talos', side.talos],
    ['variant', side.variant],
    ['architecture', side.architecture],
    ['kernel', side.kernel],
    ['signed by', side.signer],
    ['extensions', side.extensions.join(', ') || 'none'],
  ].flatMap(([label = '', value]) =>
    value === undefined ? [] : [markup`<dt>${label}</dt><dd><code>${shorten(value, MAX_TEXT)}</code></dd>\n`],
  )
  return markup`<section class="card"><h2>${titleOf(side)}</h2>
<dl class="facts">${facts}</dl>
${renderBar(side, diff)}</section>
`
}

function renderChanges(changes: readonly Change[]): Markup {
  if (changes.length === 0) return markup`<p>None.</p>`
  const rows = changes.slice(0, MAX_CHANGES).map(
    ({ effect, area, sentence: text, was, is, rules, action }) =>
      markup`<tr><td><span class="badge ${BADGES[effect]}">${effect}</span></td><td class="word">${area}</td><td>${shorten(text, MAX_TEXT)}${action === '' ? '' : markup`<br><span class="quiet">${action}</span>`}</td><td><code>${shorten(was ?? '', MAX_TEXT)}</code></td><td><code>${shorten(is ?? '', MAX_TEXT)}</code></td><td>${rules.join(', ')}</td></tr>
`,
  )
  const more = changes.length - MAX_CHANGES
  return markup`<table><thead><tr><th scope="col">effect</th><th scope="col" class="word">where</th><th scope="col">what</th><th scope="col">was</th><th scope="col">is</th><th scope="col">rules</th></tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="quiet">and ${more} more</p>` : ''}`
}

function renderFiles(files: NonNullable<Diff['files']>): Markup {
  const lists = (['gone', 'added', 'changed'] as const).map((kind) => {
    const paths = files[kind]
    const more = paths.length - MAX_PATHS
    return markup`<h3>${kind}: ${paths.length}</h3>
<ul>${paths.slice(0, MAX_PATHS).map((path) => markup`<li><code>${shorten(path, MAX_TEXT)}</code></li>\n`)}</ul>
${more > 0 ? markup`<p class="quiet">and ${more} more</p>` : ''}`
  })
  return markup`<h2>Files</h2>
${lists}`
}
