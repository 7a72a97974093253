// The image that the lock pins as the reference, fetched before the rules run, and only where one of them will ask for
// it. Where it cannot be had that rule alone is inconclusive.
import { isDigest } from '#harness/bytes/digest.ts'
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import type { ClientOptions } from '#harness/oci/client/client.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openStore } from '#harness/oci/open.ts'
import { isMedium, parseReference, type Reference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import { pullLayers, readDocuments } from '#harness/oci/registry/pull.ts'
import type { PinnedImage } from '#specs/contract/lock.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { applicability } from '#specs/support/applicability.ts'
import { REFERENCE_ARCHITECTURE } from '#specs/support/pinned-reference.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import type { Candidate } from './candidates.ts'
import type { OpenedCandidates } from './open.ts'
import { cacheError, type PullOptions } from './pull.ts'

/** The rule that asks for it. */
const RULE = 'REL-005'

type Fetched = {
  readonly pinnedReference: NonNullable<CandidateInput['pinnedReference']>
  /** The faults of its blobs, where it came from a registry. */
  readonly failures?: BlobFailures
}

export type ReferencePlace = PullOptions & {
  readonly ruleIndex: RuleIndex
  readonly selected: readonly string[] | undefined
  /** The place of the image of this digest when it is in no registry. */
  readonly atHand?: { readonly digest: string; readonly image: Reference } | undefined
  /** The place to look in instead of the one that the lock names. */
  readonly reference?: Reference | undefined
  readonly cacheFolder: string
  readonly limits?: BudgetLimits | undefined
  /** The options to reach a registry; undefined where only the cache may be read. */
  readonly networkTo: (registry: string) => Promise<ClientOptions | undefined>
}

/** Every candidate with the reference that its lock pins. UsageError for a cache that cannot be written. */
export async function withReference(opened: OpenedCandidates, place: ReferencePlace): Promise<OpenedCandidates> {
  const { candidates, failures } = opened
  const fetched = await fetchReference(candidates, place).catch((error: unknown) => {
    throw cacheError(error, place.cacheFolder) ?? error
  })
  if (fetched === undefined) return opened
  const { pinnedReference } = fetched
  return {
    ...opened,
    candidates: candidates.map((candidate) => ({ ...candidate, pinnedReference })),
    failures: fetched.failures === undefined ? failures : { ...failures, ...fetched.failures },
  }
}

/** Fetches the reference; undefined where the lock pins none, or no rule asks for it. Errors of the file system. */
async function fetchReference(candidates: readonly Candidate[], place: ReferencePlace): Promise<Fetched | undefined> {
  const { ruleIndex, selected, atHand } = place
  const rule = ruleIndex.requirements.find(({ id }) => id === RULE && selected?.includes(id) !== false)
  const asking = candidates.find((one) => rule !== undefined && applicability(rule, one).parts.length > 0)
  const pinned = asking?.lock?.reference
  if (pinned === undefined) return undefined
  if (atHand?.digest === pinned.digest) return { pinnedReference: { image: atHand.image } }
  try {
    return await fetchPinned(pinned, place)
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { pinnedReference: { reason: error.message } }
  }
}

async function fetchPinned(pinned: PinnedImage, place: ReferencePlace): Promise<Fetched> {
  const { digest } = pinned
  const { reference = parseReference(pinned.reference) } = place
  if (reference.kind === 'dir' || reference.kind === 'docker-archive' || isMedium(reference) || !isDigest(digest))
    return { pinnedReference: { image: reference } }
  const image = { ...reference, digest }
  if (image.kind !== 'registry') return { pinnedReference: { image } }
  // Content in the cache under its digest equals the registry's.
  const failures = await pull(image, place).catch(async (error: unknown) => {
    const network = await place.networkTo(image.registry)
    if (!(error instanceof HarnessError) || network === undefined) throw error
    return pull(image, place, network)
  })
  return { pinnedReference: { image }, failures }
}

async function pull(
  reference: RegistryReference,
  { cacheFolder, limits, signal, startProgress }: ReferencePlace,
  network?: ClientOptions,
): Promise<BlobFailures> {
  const spool = new Spool(areaFolder(cacheFolder, 'spool'), limits)
  const cache = await openCache(cacheFolder)
  const registry = openRegistryAccess({ cache, signal, limits, ...(network !== undefined && { network }) })
  const store = await openStore(reference, { spool, registry })
  const progress = startProgress()
  try {
    const image = await openImage(store, { spool, architecture: REFERENCE_ARCHITECTURE })
    const documents = await readDocuments(reference, store, image)
    await pullLayers(registry, [documents], { signal, onStart: progress.start, onBytes: progress.advance })
    return registry.failures()
  } finally {
    progress.stop()
    await store.close()
    await registry.close()
    await spool.close()
  }
}
