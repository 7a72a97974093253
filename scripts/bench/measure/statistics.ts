// Statistics of a few runs: the median, and the spread.

export type Summary = { readonly median: number; readonly min: number; readonly max: number }

/** The statistics of at least one value. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (upper === undefined || lower === undefined || min === undefined || max === undefined)
    throw new Error('expected at least one value, got none')
  return { median: (lower + upper) / 2, min, max }
}

/** Each run beside the one of the same round: what slows the machine down for a while slows both. */
export function pairedRatios(values: readonly number[], others: readonly number[]): readonly number[] {
  if (values.length !== others.length) throw new Error(`expected ${values.length} pairs, got ${others.length}`)
  return values.map((value, index) => value / (others[index] ?? Number.NaN))
}
