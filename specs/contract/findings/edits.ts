// The word that may have been meant, for findings that suggest it.
import { editsBetween } from '#harness/machine-config/reading/suggest.ts'

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
