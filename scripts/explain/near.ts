// Ids that someone may have meant.

const MAX_MATCHES = 5
/** More edits make another id of it. */
const MAX_EDITS = 2

/** The nearest of `ids` to what was typed, nearest first; empty when none is near. */
export function nearMatches(typed: string, ids: readonly string[]): readonly string[] {
  // No id is longer; the table below grows with the square of what was typed.
  const wanted = typed.toUpperCase().slice(0, 20)
  return ids
    .map((id) => ({ id, edits: editsBetween(wanted, id) }))
    .filter(({ edits }) => edits <= MAX_EDITS)
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, MAX_MATCHES)
    .map(({ id }) => id)
}

/** Levenshtein's distance: letters inserted, left out or replaced. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1])
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
