// The distance of two words, for findings that suggest what may have been meant.

/** The table below grows with the product of both lengths. */
const MAX_LENGTH = 64
/** A third of the letters, and at least one: more edits make another word of it. */
const LETTERS_PER_EDIT = 3

/** The nearest of `words` to what was written; undefined when none is near, or when it is one of them. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  if (written.length > MAX_LENGTH) return undefined
  const most = Math.max(1, Math.floor(written.length / LETTERS_PER_EDIT))
  const [best] = words
    .map((word) => ({ word, edits: editsBetween(written, word) }))
    .filter(({ edits }) => edits > 0 && edits <= most)
    .toSorted((a, b) => a.edits - b.edits)
  return best?.word
}

/** Levenshtein's distance: letters inserted, left out or replaced. */
export function editsBetween(a: string, b: string): number {
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
