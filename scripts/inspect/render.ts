// What is shown, as a tree for a person.
import { styleText } from 'node:util'
import { formatSize } from '../judge/outputs/size.ts'
import { printable } from '../judge/verdict/printable.ts'
import type { Facts } from './node.ts'
import type { Shown } from './shown.ts'

const BAR = 20
/** Longer values are cut: a command line has some 300 characters. */
const MAX_VALUE = 400
/** Sizes in bytes among the facts. */
const SIZES: ReadonlySet<string> = new Set(['unpacked'])
/** Facts whose lists are a line an item. */
const LINES: ReadonlySet<string> = new Set(['services'])

type Look = { readonly bars: boolean; readonly stream: NodeJS.WritableStream }

export function renderShown(shown: Shown, look: Look): string {
  return `${[...renderNode(shown, '', '', 1, look)].join('\n')}\n`
}

function* renderNode(node: Shown, head: string, indent: string, share: number, look: Look): Generator<string> {
  const { name, kind, size, facts, parts = [] } = node
  const bar = look.bars ? `${renderBar(share)} ` : ''
  const { services, ...others } = facts
  const about = renderFacts(others)
  const shownSize = size === 0 && kind !== 'file' ? '' : `, ${formatSize(size)}`
  const dim = (text: string): string => styleText('dim', text, { stream: look.stream })
  yield `${bar}${head}${printable(name)}  ${dim(`${kind}${shownSize}${about === '' ? '' : `; ${about}`}`)}`
  const gap = look.bars ? ' '.repeat(BAR + 6) : ''
  const lines = Array.isArray(services) ? (services as readonly string[]) : []
  for (const line of lines) yield `${gap}${indent}${parts.length > 0 ? '│' : ' '}  ${dim(`service ${cut(line)}`)}`
  // A program is more than its sections, and what is packed less than what is in it.
  const total = Math.max(
    size,
    parts.reduce((sum, part) => sum + part.size, 0),
  )
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1
    const own = `${indent}${isLast ? '└─ ' : '├─ '}`
    yield* renderNode(part, own, `${indent}${isLast ? '   ' : '│  '}`, total === 0 ? 0 : part.size / total, look)
  }
}

/** `████████             40 %` */
function renderBar(share: number): string {
  const full = Math.round(share * BAR)
  return `${'█'.repeat(full)}${' '.repeat(BAR - full)}${`${Math.round(share * 100)} %`.padStart(6)}`
}

function renderFacts(facts: Facts): string {
  return Object.entries(facts)
    .filter(([name]) => !LINES.has(name))
    .map(([name, value]) => `${name} ${renderValue(name, value)}`)
    .join(', ')
}

function renderValue(name: string, value: Facts[string]): string {
  if (typeof value === 'number') return SIZES.has(name) ? formatSize(value) : String(value)
  return cut(typeof value === 'string' ? value : value.join(' '))
}

/** A digest by its first digits. */
function cut(text: string): string {
  const short = text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/, '$1…')
  return printable(short.length > MAX_VALUE ? `${short.slice(0, MAX_VALUE)}…` : short)
}
