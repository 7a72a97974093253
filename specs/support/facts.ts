// The facts of a run, which its candidates share: variants and releases are mostly the same bytes.
import { join } from 'node:path'
import { Facts } from '#harness/bytes/facts.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { BUDGET } from '#harness/budget.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { openKeptFacts, type KeptFacts } from '#harness/oci/cache/kept-facts.ts'
import { readerVersion } from '#harness/reader-version.ts'
import type { RunInput } from './run.ts'

/** By the input of the run. */
const shared = new WeakMap<object, Facts>()
/** Facts that were read before the run that will ask for them. */
let early: { readonly cacheFolder: string; readonly facts: Facts } | undefined
/** Of the runs that have not ended. */
const unsaved = new Set<KeptFacts>()

export type Shared = Pick<RunInput, 'cacheFolder' | 'limits' | 'fromBytes' | 'keepFacts' | 'believed'> &
  Partial<Pick<RunInput, 'candidates' | 'members'>>

/**
 * A spool for one part of a candidate, with the facts of the run where there is another part to share them, or where they
 * are kept for other runs.
 */
export function openSpool(run: Shared): Spool {
  const { cacheFolder, limits = BUDGET, fromBytes, keepFacts, candidates = [], members = [] } = run
  const folder = join(cacheFolder, 'spool')
  const parts = [...candidates, ...members].flatMap(({ references }) => Object.keys(references))
  if (fromBytes === true || (parts.length < 2 && keepFacts !== true)) return new Spool(folder, limits)
  const facts = shared.get(run) ?? takeEarly(run) ?? newFacts(folder, keepFacts === true ? openKept(run) : undefined)
  shared.set(run, facts)
  return new Spool(folder, limits, facts)
}

/** A spool for a part of the image that will be judged with the cache in `cacheFolder`; the next such run has its facts. */
export function openEarlySpool(place: Required<Pick<RunInput, 'cacheFolder' | 'limits'>>): Spool {
  const folder = join(place.cacheFolder, 'spool')
  const facts = newFacts(folder, openKept(place))
  early = { cacheFolder: place.cacheFolder, facts }
  return new Spool(folder, place.limits, facts)
}

function takeEarly({ cacheFolder, keepFacts }: Shared): Facts | undefined {
  if (early === undefined || keepFacts !== true || early.cacheFolder !== cacheFolder) return undefined
  const { facts } = early
  early = undefined
  return facts
}

function newFacts(folder: string, kept: KeptFacts | undefined): Facts {
  return new Facts(() => new Spool(folder), undefined, kept)
}

function openKept({ cacheFolder, believed }: Shared): KeptFacts {
  const kept = openKeptFacts({
    open: () => openCache(cacheFolder),
    version: ownVersion,
    onBelieved: () => believed && Atomics.add(believed, 0, 1),
  })
  unsaved.add(kept)
  return kept
}

/** Writes what is new for other runs. */
export async function saveFacts(): Promise<void> {
  const ended = [...unsaved]
  unsaved.clear()
  for (const kept of ended) await kept.save()
}

let version: string | undefined

/** Read once: it does not change while this process has loaded the readers. */
function ownVersion(): string {
  return (version ??= readerVersion())
}
