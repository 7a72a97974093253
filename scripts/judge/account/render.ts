// The account as a tree of lines, the small parts of a range together.
import { allGaps, BASES, sumsOf, type Leaf, type Span, type Sums } from './span.ts'

/** Parts of one branch with one reason share one line. */
export function renderAccount(reference: string, spans: readonly Span[]): string {
  const lines = [reference, ...spans.flatMap((span) => renderSpan(span, '  ')), '', ...renderSums(sumsOf(spans))]
  for (const { path, offset, size } of allGaps(spans)) lines.push(`UNACCOUNTED ${path}: ${size} bytes at ${offset}`)
  return `${lines.join('\n')}\n`
}

function renderSums(sums: Sums): readonly string[] {
  const total = Object.values(sums).reduce((sum, size) => sum + size, 0)
  const share = (size: number): string => (total === 0 ? '0' : ((100 * size) / total).toFixed(2))
  return [...BASES, 'unaccounted' as const].map(
    (basis) => `${basis.padEnd(12)} ${String(sums[basis]).padStart(12)} bytes  ${share(sums[basis]).padStart(6)} %`,
  )
}

function renderSpan(span: Span, indent: string): readonly string[] {
  if ('basis' in span) return [`${indent}${range(span)} ${span.name}: ${reasonOf(span)}`]
  const { name, decoded, parts } = span
  const head = `${indent}${range(span)} ${name}${decoded === undefined ? '' : ` (${decoded.from}, ${decoded.size} bytes decoded)`}`
  const branches = parts.filter((part) => !('basis' in part))
  const groups = Map.groupBy(
    parts.filter((part) => 'basis' in part),
    (part) => reasonOf(part),
  )
  return [
    head,
    ...[...groups].map(([reason, leaves]) => `${indent}  ${renderGroup(leaves)}: ${reason}`),
    ...branches.flatMap((part) => renderSpan(part, `${indent}  `)),
  ]
}

function renderGroup(leaves: readonly Leaf[]): string {
  const [first] = leaves
  if (first !== undefined && leaves.length === 1) return `${range(first)} ${first.name}`
  const size = leaves.reduce((sum, one) => sum + one.size, 0)
  return `${size} bytes in ${leaves.length} ranges (${first?.name}, …)`
}

function range({ offset, size }: { readonly offset: number; readonly size: number }): string {
  return `${offset}+${size}`
}

function reasonOf({ basis, by, rule }: Leaf): string {
  if (basis === 'free') return `free because ${by}`
  return `${basis} by ${by} (${rule})`
}
