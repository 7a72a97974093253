// The candidates of a run: opened once each, shared by every rule, closed with the worker.
import { isOverBudget } from '#harness/budget.ts'
import { FormatError } from '#harness/errors.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { openAssets } from '#harness/talos/assets.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import { openMedium } from '#harness/talos/media/open.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Part } from '../contract/tags.ts'
import { beginLongest } from './ahead/longest.ts'
import { openEvidence, type Evidence, type EvidenceOptions } from './evidence.ts'
import { openSpool } from './facts.ts'
import { openPulled } from './pulled.ts'
import type { CandidateInput, RunInput } from './run.ts'

export type Subject = {
  readonly candidate: CandidateInput
  readonly part: Part
  readonly talos: TalosPart
  /** Evidence of a part that is in a registry. */
  readonly evidence?: Evidence
}

/** By the input of the run. */
const opened = new WeakMap<RunInput, Map<string, Promise<Subject>>>()

/** The part `part` of the candidate `key`; a part that cannot be opened rejects the same way for every rule. */
export function subjectOf(run: RunInput, key: string, part: Part): Promise<Subject> {
  const subjects = opened.get(run) ?? new Map<string, Promise<Subject>>()
  opened.set(run, subjects)
  const id = `${key} ${part}`
  const subject = subjects.get(id) ?? open(run, key, part)
  subjects.set(id, subject)
  return subject
}

/** A variant over its budget is red by its own verdict; what it shares with others is unknown. */
class UnreadVariantError extends Error {
  override name = 'UnreadVariantError'
  readonly code = 'VARIANT_UNREAD'
}

/** The installers of variants, for a rule over a release. The error of the first that has one, as of `variantOf`. */
export async function variantsOf(run: RunInput, keys: readonly string[]): Promise<readonly Subject[]> {
  const settled = await Promise.allSettled(keys.map((key) => variantOf(run, key)))
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

/** UnreadVariantError where its layers are over the budget. */
async function variantOf(run: RunInput, key: string): Promise<Subject> {
  const subject = await subjectOf(run, key, 'installer')
  const image = await subject.talos.image()
  // Layers that are over it by their descriptors alone cannot even be listed.
  const over = await Promise.resolve()
    .then(() => Promise.all(image.layers.map((layer) => layer.read().catch(overBudget))))
    .then((found) => found.find(isOverBudget), overBudget)
  if (over === undefined) return subject
  throw new UnreadVariantError(`${subject.candidate.variant} is not compared: ${over.message}`, { cause: over })
}

/** The error of a budget; undefined for any other. */
function overBudget(error: unknown): FormatError | undefined {
  return isOverBudget(error) ? error : undefined
}

async function open(run: RunInput, key: string, part: Part): Promise<Subject> {
  const candidate = [...run.candidates, ...(run.members ?? [])].find((one) => one.key === key)
  const reference = candidate?.references[part]
  if (candidate === undefined || reference === undefined) throw new Error(`no candidate ${key} with a part ${part}`)
  const spool = openSpool(run)
  const registry = await openPulled(run)
  const openPart = { installer: openInstaller, assets: openAssets, media: openMedium }[part]
  const talos = await openPart(reference, { spool, registry })
  if (run.selected === undefined && candidate.targets?.includes('image') !== false) void beginLongest(talos)
  const evidence = registry && evidenceOf(registry, reference, { ...run, contract: candidate.contract })
  return { candidate, part, talos, ...(evidence !== undefined && { evidence }) }
}

/** Candidates in a registry are pinned to a digest as they are opened. */
function evidenceOf(registry: RegistryAccess, reference: Reference, options: EvidenceOptions): Evidence | undefined {
  if (reference.kind !== 'registry' || reference.digest === undefined) return undefined
  return openEvidence(registry, { ...reference, digest: reference.digest }, options)
}
