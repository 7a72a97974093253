// Ids that someone may have meant.
import { editsBetween } from '#harness/machine-config/reading/suggest.ts'

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
