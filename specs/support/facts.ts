// The facts of this worker, which its candidates share: variants and releases are mostly the same bytes.
import { join } from 'node:path'
import { Facts } from '#harness/bytes/facts.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { BUDGET } from '#harness/budget.ts'
import type { RunInput } from './run.ts'

let shared: Facts | undefined

export type Shared = Pick<RunInput, 'cacheFolder' | 'limits' | 'fromBytes'> &
  Partial<Pick<RunInput, 'candidates' | 'members'>>

/** A spool for one part of a candidate, with the facts of the worker where there is another part to share them. */
export function openSpool({ cacheFolder, limits = BUDGET, fromBytes, candidates = [], members = [] }: Shared): Spool {
  const folder = join(cacheFolder, 'spool')
  const parts = [...candidates, ...members].flatMap(({ references }) => Object.keys(references))
  if (fromBytes !== true && parts.length > 1) shared ??= new Facts(() => new Spool(folder))
  return new Spool(folder, limits, shared)
}
