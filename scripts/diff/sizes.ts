// Sizes in the page: a bar for what is stored, a treemap for what boots, and the same as numbers, piece by piece.
import { shorten } from '../judge/outputs/account.ts'
import { markup, type Markup } from '../judge/outputs/markup.ts'
import { formatSize } from '../judge/outputs/size.ts'
import type { Piece } from './facts.ts'
import { titleOf } from './render.ts'
import type { Diff, DiffSide } from './report.ts'
import { layOut } from './treemap.ts'

const PARTS = [
  ['kernel', 'kernel'],
  ['base', 'base initramfs'],
  ['extensions', 'extension segment'],
] as const

/** The treemap's own units: both sides have one scale, the larger one this height. */
const WIDTH = 100
const HEIGHT = 40
/** Pixels of that. */
const PIXELS = 280
/** Cells below this share of the width, or of fewer pixels, have no name in them; the table has them all. */
const LEAST_WIDTH = 14
const LEAST_PIXELS = 26
const MAX_NAME = 80
const MAX_PIECES = 500

/** One bar, on one scale for both sides, and the same as numbers; nothing where the sizes are not known. */
export function renderBar(side: DiffSide, { was, is }: Diff): Markup {
  const { sizes } = side
  if (sizes === undefined) return markup``
  const widest = Math.max(1, ...[was, is].map((one) => PARTS.reduce((sum, [key]) => sum + (one.sizes?.[key] ?? 0), 0)))
  let left = 0
  const rects = PARTS.map(([key, title]) => {
    const rect = markup`<rect class="${key}" x="${percent(left, widest)}" width="${percent(sizes[key], widest)}" height="32"><title>${title}: ${formatSize(sizes[key])}</title></rect>`
    left += sizes[key]
    return rect
  })
  const rows = PARTS.map(
    ([key, title]) => markup`<tr><th scope="row">${title}</th><td class="number">${formatSize(sizes[key])}</td></tr>
`,
  )
  return markup`<svg class="bar" width="100%" height="32" role="img" aria-label="The bytes that boot, as the table below has them">${rects}</svg>
<table><caption class="unseen">Sizes of ${titleOf(side)}</caption><tbody>${rows}</tbody></table>
`
}

/** Both sides as treemaps, and one table of all pieces; nothing where one side is not known. */
export function renderPieces({ was, is }: Diff): Markup {
  if (was.pieces === undefined || is.pieces === undefined) return markup``
  const most = Math.max(1, sumOf(was.pieces), sumOf(is.pieces))
  const maps = [was, is].map(
    (side) => markup`<section class="card"><h3>${titleOf(side)}: ${formatSize(sumOf(side.pieces ?? []))}</h3>
${renderMap(side.pieces ?? [], most)}</section>
`,
  )
  return markup`<h2>What boots, piece by piece</h2>
<p class="quiet">The kernel as it is stored, the initramfs as it is unpacked into memory; areas are bytes, on one scale.</p>
<div class="side">
${maps}</div>
${renderTable(was.pieces, is.pieces)}
`
}

function renderMap(pieces: readonly Piece[], most: number): Markup {
  const share = sumOf(pieces) / most
  if (share === 0) return markup``
  const cells = layOut(pieces, ({ bytes }) => bytes, { x: 0, y: 0, width: WIDTH, height: HEIGHT * share })
  const pixels = Math.max(1, Math.round(PIXELS * share))
  const drawn = cells.map(({ item, x, y, width, height }) => {
    const [down, high] = [percent(y, HEIGHT * share), percent(height, HEIGHT * share)]
    const hasName = width >= LEAST_WIDTH && (height / (HEIGHT * share)) * pixels >= LEAST_PIXELS
    const name = hasName ? markup`<text x="6" y="18">${shorten(item.name, MAX_NAME)}</text>` : ''
    return markup`<svg x="${percent(x, WIDTH)}" y="${down}" width="${percent(width, WIDTH)}" height="${high}"><rect class="${item.part}" width="100%" height="100%"><title>${shorten(item.name, MAX_NAME)}: ${formatSize(item.bytes)}</title></rect>${name}</svg>
`
  })
  return markup`<svg class="map" width="100%" height="${pixels}" role="img" aria-label="Pieces by their bytes, as the table below has them">${drawn}</svg>
`
}

function renderTable(was: readonly Piece[], is: readonly Piece[]): Markup {
  const keys = [...new Map([...was, ...is].map((piece) => [keyOf(piece), piece])).values()]
  const bytesIn = (pieces: readonly Piece[], key: string): number =>
    pieces.find((piece) => keyOf(piece) === key)?.bytes ?? 0
  const rows = keys.slice(0, MAX_PIECES).map((piece) => {
    const [before, after] = [bytesIn(was, keyOf(piece)), bytesIn(is, keyOf(piece))]
    return markup`<tr><th scope="row">${shorten(piece.name, MAX_NAME)}</th><td>${titleOfPart(piece.part)}</td><td class="number">${before === 0 ? '' : formatSize(before)}</td><td class="number">${after === 0 ? '' : formatSize(after)}</td><td class="number">${differenceOf(before, after)}</td></tr>
`
  })
  const more = keys.length - MAX_PIECES
  return markup`<table><caption class="unseen">Pieces of both sides</caption><thead><tr><th scope="col">piece</th><th scope="col">of</th><th scope="col" class="number">was</th><th scope="col" class="number">is</th><th scope="col" class="number">difference</th></tr></thead><tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="quiet">and ${more} more</p>` : ''}`
}

function differenceOf(before: number, after: number): string {
  if (before === after) return ''
  return `${after > before ? '+' : '−'}${formatSize(Math.abs(after - before))}`
}

function titleOfPart(part: Piece['part']): string {
  return PARTS.find(([key]) => key === part)?.[1] ?? part
}

function keyOf({ part, name }: Piece): string {
  return `${part} ${name}`
}

function sumOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0)
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)}%`
}
