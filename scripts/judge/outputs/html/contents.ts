// The contents of each candidate, and the origin of its bytes; described, not judged.
import type { Conformance, Contents, DescribedExtension } from '../../verdict/conformance.ts'
import { shorten } from '../account.ts'
import { markup, type Markup } from '../markup.ts'
import { formatSize } from '../size.ts'
import type { Take } from './rules.ts'

/** Upstream's catalogue has some sixty extensions; an image with more is cut. */
const MAX_EXTENSIONS = 60
const MAX_SERVICES = 8
const MAX_WAITS = 16
const MAX_NAME = 120
const MAX_LINE = 240
/** A command line has some 300 characters. */
const MAX_FACT = 2000

const PARTS = [
  ['kernel', 'kernel', 'kernel'],
  ['baseInitramfs', 'base', 'base initramfs'],
  ['extensions', 'extensions', 'extension segment'],
  ['other', 'other', 'other files'],
] as const

type Named = { readonly name: string; readonly contents: Contents }

export function renderContents({ candidates }: Conformance, names: readonly string[], take: Take): Markup {
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
${named.map((one) => renderInside(one, biggest, take))}</div>
<h2 id="bytes">Where the bytes are</h2>
<div class="side">
${named.map((one) => renderPicture(one, widest))}</div>
${renderAccounts(named)}`
}

function renderInside({ name, contents }: Named, biggest: number, take: Take): Markup {
  const inside = markup`${renderFacts(contents)}${renderExtensions(name, contents, biggest)}`
  const fits = take(Buffer.byteLength(inside.markup))
  return markup`<section class="card"><h3>${name}</h3>
${fits ? inside : markup`<p class="quiet">Too long for this page; conformance.json has it.</p>`}</section>
`
}

/** What boots, and what it was made from. */
function renderFacts({ boot, base, commandLine }: Contents): Markup {
  const facts: readonly (readonly [label: string, value: string | undefined])[] = [
    ['kernel', boot?.kernel],
    ['modules', boot && `${boot.modules} in the root filesystem`],
    ['systemd-stub', boot?.stub],
    ['command line', commandLine],
    ['base image', base && `${base.reference}@${base.digest}`],
    ['signed by', base?.signer],
  ]
  const shown = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [markup`<dt>${label}</dt><dd><code>${shorten(value, MAX_FACT)}</code></dd>\n`],
  )
  return shown.length === 0 ? markup`` : markup`<dl class="facts">${shown}</dl>\n`
}

/** Bars on one scale for all candidates, as those of the picture. */
function renderExtensions(name: string, { extensions }: Contents, biggest: number): Markup {
  if (extensions === undefined) return markup`<p class="quiet">The list of extensions could not be read.</p>`
  const more = extensions.length - MAX_EXTENSIONS
  const rows = extensions.slice(0, MAX_EXTENSIONS).map(
    (
      extension,
    ) => markup`<tr><th scope="row">${shorten(extension.name, MAX_NAME)}${extension.forbidden ? markup` <span class="badge bad">must not be here</span>` : ''}${bringsOf(extension).map((line) => markup`<br><span class="quiet">${line}</span>`)}</th>
<td>${shorten(extension.version, MAX_NAME)}</td><td class="number">${formatSize(extension.size)}<svg class="bar" height="6" aria-hidden="true"><rect class="extensions" width="${percent(extension.size, biggest)}" height="6"/></svg></td></tr>
`,
  )
  return markup`<table><caption class="unseen">Extensions of ${name}</caption><thead><tr><th scope="col">extension</th><th scope="col">version</th><th scope="col" class="number">size</th></tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="quiet">and ${more} more</p>` : ''}`
}

/** Lines below the name of an extension. */
function bringsOf({ services, handlers, modules }: DescribedExtension): readonly string[] {
  return [
    ...services.slice(0, MAX_SERVICES).map(({ name, waits }) => {
      const after = waits.length === 0 ? '' : `, waits for ${waits.slice(0, MAX_WAITS).join(', ')}`
      return shorten(`service ${name}${after}`, MAX_LINE)
    }),
    ...handlers.slice(0, MAX_SERVICES).map((handler) => shorten(`runtime handler ${handler}`, MAX_NAME)),
    ...(modules === 0 ? [] : [`${modules} kernel module${modules === 1 ? '' : 's'}`]),
  ]
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
