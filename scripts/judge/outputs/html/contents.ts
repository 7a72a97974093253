// The contents of each candidate, and the origin of its bytes; described, not judged.
import type { Conformance, Contents } from '../../verdict/conformance.ts'
import { shorten } from '../account.ts'
import { markup, type Markup } from '../markup.ts'
import { formatSize } from '../size.ts'

/** Upstream's catalogue has some sixty extensions; an image with more is cut. */
const MAX_EXTENSIONS = 60
const MAX_SERVICES = 8
const MAX_NAME = 120

const PARTS = [
  ['kernel', 'kernel', 'kernel'],
  ['baseInitramfs', 'base', 'base initramfs'],
  ['extensions', 'extensions', 'extension segment'],
  ['other', 'other', 'other files'],
] as const

type Named = { readonly name: string; readonly contents: Contents }

export function renderContents({ candidates }: Conformance, names: readonly string[]): Markup {
  const named = candidates.flatMap(({ contents }, at) =>
    contents === undefined ? [] : [{ name: names[at] ?? '', contents }],
  )
  if (named.length === 0) return markup``
  const widest = Math.max(1, ...named.map(({ contents }) => total(contents)))
  const biggest = named.reduce(
    (most, { contents }) => (contents.extensions ?? []).reduce((found, { size }) => Math.max(found, size), most),
    1,
  )
  return markup`<h2 id="inside">What is inside</h2>
<div class="side">
${named.map((one) => renderExtensions(one, biggest))}</div>
<h2 id="bytes">Where the bytes are</h2>
<div class="side">
${named.map((one) => renderPicture(one, widest))}</div>
${renderAccounts(named)}`
}

/** Bars on one scale for all candidates, as those of the picture. */
function renderExtensions({ name, contents: { extensions } }: Named, biggest: number): Markup {
  if (extensions === undefined)
    return markup`<section class="card"><h3>${name}</h3><p class="quiet">The list of extensions could not be read.</p></section>\n`
  const more = extensions.length - MAX_EXTENSIONS
  const rows = extensions.slice(0, MAX_EXTENSIONS).map(
    ({
      name: extension,
      version,
      size,
      services,
    }) => markup`<tr><th scope="row">${shorten(extension, MAX_NAME)}${services.slice(0, MAX_SERVICES).map((service) => markup`<br><span class="quiet">service ${shorten(service, MAX_NAME)}</span>`)}</th>
<td>${shorten(version, MAX_NAME)}</td><td class="number">${formatSize(size)}<svg class="bar" height="6" aria-hidden="true"><rect class="extensions" width="${percent(size, biggest)}" height="6"/></svg></td></tr>
`,
  )
  return markup`<section class="card"><h3>${name}</h3>
<table><caption class="unseen">Extensions of ${name}</caption><thead><tr><th scope="col">extension</th><th scope="col">version</th><th scope="col" class="number">size</th></tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="quiet">and ${more} more</p>` : ''}</section>
`
}

/** One bar, on one scale for all candidates, and the same as numbers. */
function renderPicture({ name, contents }: Named, widest: number): Markup {
  const { sizes } = contents
  const parts = PARTS.map(([key, style, title]) => ({ style, title, size: sizes[key] }))
  const sum = total(contents)
  let left = 0
  const rects = parts.flatMap(({ style, title, size = 0 }) => {
    if (size === 0) return []
    const rect = markup`<rect class="${style}" x="${percent(left, widest)}" width="${percent(size, widest)}" height="32"><title>${title}: ${formatSize(size)}</title></rect>`
    left += size
    return [rect]
  })
  const rows = parts.map(
    ({
      style,
      title,
      size,
    }) => markup`<tr><th scope="row"><svg class="swatch" width="12" height="12" aria-hidden="true"><rect class="${style}" width="12" height="12"/></svg>${title}</th>
<td class="number">${size === undefined ? 'not read' : formatSize(size)}</td><td class="number">${size === undefined ? '' : percent(size, Math.max(1, sum), 0)}</td></tr>
`,
  )
  return markup`<section class="card"><h3>${name}: ${formatSize(sum)}</h3>
<svg class="bar" width="100%" height="32" role="img" aria-label="The bytes of ${name}, as the table below has them">${rects}</svg>
<table><caption class="unseen">Where the bytes of ${name} are</caption><thead class="unseen"><tr><th scope="col">part</th><th scope="col">bytes</th><th scope="col">share</th></tr></thead><tbody>${rows}</tbody></table></section>
`
}

const BASES = [
  ['pinned', 'upstream’s, by the lock'],
  ['derived', 'follow from upstream’s by the recipe'],
  ['declared', 'by the contract or the reference'],
  ['free', 'on the list of free bytes'],
  ['unaccounted', 'not accounted for'],
] as const

/** Decompressed bytes by the reason for their values; `npm run account` lists each. */
function renderAccounts(named: readonly Named[]): Markup {
  const cards = named.flatMap(({ name, contents: { account } }) => {
    if (account === undefined) return []
    const rows = BASES.map(
      ([
        basis,
        why,
      ]) => markup`<tr><th scope="row">${basis}<br><span class="quiet">${why}</span></th><td class="number">${formatSize(account[basis])}</td></tr>
`,
    )
    return [
      markup`<section class="card"><h3>${name}</h3>
<table><caption class="unseen">Why the bytes of ${name} are what they are</caption><thead class="unseen"><tr><th scope="col">why</th><th scope="col">bytes</th></tr></thead><tbody>${rows}</tbody></table></section>
`,
    ]
  })
  return cards.length === 0
    ? markup``
    : markup`<h2 id="account">Why the bytes are what they are</h2>
<div class="side">
${cards}</div>
`
}

function total({ sizes }: Contents): number {
  return PARTS.reduce((sum, [key]) => sum + (sizes[key] ?? 0), 0)
}

function percent(part: number, whole: number, digits = 2): string {
  return `${((100 * part) / whole).toFixed(digits)}%`
}
