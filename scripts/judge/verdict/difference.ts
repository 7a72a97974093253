// Expected against got: whole where they are short, only the lines that differ where they are long.

export type Difference = { readonly expected?: string | undefined; readonly got?: string | undefined }

/** The most lines; longer lists are cut with a count: the whole is in conformance.json. */
const MAX_LINES = 20

/** Pairs of a label and a text of one or more lines. */
export function describeDifference({ expected, got }: Difference): (readonly [label: string, text: string])[] {
  if (expected === undefined || got === undefined || !(expected.includes('\n') && got.includes('\n')))
    return [
      ...(expected === undefined ? [] : [['expected', shorten(expected)] as const]),
      ...(got === undefined ? [] : [['got', shorten(got)] as const]),
    ]
  const missing = linesWithout(expected, got)
  const extra = linesWithout(got, expected)
  if (missing.length === 0 && extra.length === 0)
    return [
      ['expected', shorten(expected)],
      ['got', `the same in another order\n${shorten(got)}`],
    ]
  return [
    ...(missing.length === 0 ? [] : [['missing', shorten(missing.join('\n'))] as const]),
    ...(extra.length === 0 ? [] : [['extra', shorten(extra.join('\n'))] as const]),
  ]
}

/** Lines of `a` beyond those of `b`, each as often as it is too many. */
function linesWithout(a: string, b: string): string[] {
  const counts = new Map<string, number>()
  for (const line of b.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  return a
    .split('\n')
    .filter((line) => {
      const left = counts.get(line) ?? 0
      counts.set(line, left - 1)
      return left <= 0
    })
    .map((line) => line.trim())
}

function shorten(text: string): string {
  const lines = text.split('\n')
  if (lines.length <= MAX_LINES) return text
  return [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more`].join('\n')
}
