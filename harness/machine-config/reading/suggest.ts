// The name that was meant, where one of few differs by little.

/** The known name that is nearest; undefined where none is near: more than a third of the letters would change. */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 60) return undefined
  const wanted = name.toLowerCase()
  const most = Math.max(1, Math.floor(name.length / 3))
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const word of known) {
    const lower = word.toLowerCase()
    // No distance is less than the difference in length.
    if (Math.abs(lower.length - wanted.length) > most) continue
    const distance = wanted === lower ? -1 : editsBetween(wanted, lower, most)
    if (best === undefined || distance < best.distance) best = { word, distance }
  }
  return best !== undefined && best.distance <= most ? best.word : undefined
}

/** Levenshtein's distance: letters inserted, left out or replaced; more than `most` as soon as it can be no less. */
export function editsBetween(from: string, to: string, most: number = Infinity): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    const code = from.charCodeAt(i - 1)
    let least = i
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (code === to.charCodeAt(j - 1) ? 0 : 1)
      const distance = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      next.push(distance)
      if (distance < least) least = distance
    }
    if (least > most) return least
    row = next
  }
  return row[to.length] ?? 0
}
