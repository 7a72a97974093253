// The state that a worker keeps from file to file.
import type { Observation } from '../../judge/verdict/observation.ts'

export const killed = new Set<string>()
/** `MUTANT KEY ID` → what was observed so far: of a part that has not run yet, what it was without the mutant. */
export const observed = new Map<string, readonly Observation[]>()
