// The facts of a run, which its candidates share: variants and releases are mostly the same bytes.
import { join } from 'node:path'
import { Facts } from '#harness/bytes/facts.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { BUDGET } from '#harness/budget.ts'
import type { RunInput } from './run.ts'

/** By the input of the run. */
const shared = new WeakMap<object, Facts>()

export type Shared = Pick<RunInput, 'cacheFolder' | 'limits' | 'fromBytes'> &
  Partial<Pick<RunInput, 'candidates' | 'members'>>

/** A spool for one part of a candidate, with the facts of the run where there is another part to share them. */
export function openSpool(run: Shared): Spool {
  const { cacheFolder, limits = BUDGET, fromBytes, candidates = [], members = [] } = run
  const folder = join(cacheFolder, 'spool')
  const parts = [...candidates, ...members].flatMap(({ references }) => Object.keys(references))
  if (fromBytes === true || parts.length < 2) return new Spool(folder, limits)
  const facts = shared.get(run) ?? new Facts(() => new Spool(folder))
  shared.set(run, facts)
  return new Spool(folder, limits, facts)
}
