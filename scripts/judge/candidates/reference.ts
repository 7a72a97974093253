// The image that the lock pins as the reference, fetched before the rules run, and only where one of them will ask for
// it. Where it cannot be had that rule alone is inconclusive.
import { isDigest } from '#harness/bytes/digest.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import type { ClientOptions } from '#harness/oci/client/client.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openStore } from '#harness/oci/open.ts'
import { parseReference, renderReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import { pullLayers, readDocuments } from '#harness/oci/registry/pull.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import type { PinnedImage } from '#specs/contract/lock.ts'
import { applicability } from '#specs/support/applicability.ts'
import { REFERENCE_ARCHITECTURE } from '#specs/support/pinned-reference.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { networkOf } from '../../cli/registry-options.ts'
import type { Candidate } from './candidates.ts'
import type { OpenedCandidates } from './open.ts'
import type { Embedded } from '../../embedded/release.ts'
import type { ConformOptions } from '../../test/options.ts'
import { startProgress } from '../../cli/progress.ts'
import { cacheError } from './pull.ts'

/** The rule that asks for it. */
const RULE = 'REL-005'

type Fetched = {
  readonly pinnedReference: NonNullable<CandidateInput['pinnedReference']>
  /** What was found wrong with it, where it came from a registry. */
  readonly failures?: BlobFailures
}

export type ReferencePlace = {
  readonly ruleIndex: RuleIndex
  readonly selected: readonly string[] | undefined
  /** Its reference needs no registry. */
  readonly embedded: Pick<Embedded, 'lock' | 'reference'> | undefined
  readonly options: ConformOptions
  readonly cacheFolder: string
  readonly signal: AbortSignal
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

/** Undefined where the lock pins none, or no rule asks for it. Errors of the file system. */
async function fetchReference(candidates: readonly Candidate[], place: ReferencePlace): Promise<Fetched | undefined> {
  const { ruleIndex, selected, embedded } = place
  const rule = ruleIndex.requirements.find(({ id }) => id === RULE && selected?.includes(id) !== false)
  const asking = candidates.find((one) => rule !== undefined && applicability(rule, one).parts.length > 0)
  const pinned = asking?.lock?.reference
  if (pinned === undefined) return undefined
  if (embedded?.lock.value.reference?.digest === pinned.digest)
    return { pinnedReference: { image: embedded.reference } }
  try {
    const { reference = pinned.reference } = place.options
    return await fetchPinned({ reference, digest: pinned.digest }, place)
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { pinnedReference: { reason: error.message } }
  }
}

async function fetchPinned({ reference: text, digest }: PinnedImage, place: ReferencePlace): Promise<Fetched> {
  const reference = parseReference(text)
  if (reference.kind === 'dir' || reference.kind === 'docker-archive' || !isDigest(digest))
    return { pinnedReference: { image: text } }
  const image = renderReference({ ...reference, digest })
  if (reference.kind !== 'registry') return { pinnedReference: { image } }
  // What is in the cache under its digest is what the registry would give.
  const failures = await pull({ ...reference, digest }, place).catch(async (error: unknown) => {
    // The password that was typed is for the candidates' registry.
    const { username: _, passwordStdin: __, ...options } = place.options
    const network = await networkOf(options, new Set([reference.registry]))
    if (!(error instanceof HarnessError) || network === undefined) throw error
    return pull({ ...reference, digest }, place, network)
  })
  return { pinnedReference: { image }, failures }
}

async function pull(
  reference: RegistryReference,
  { cacheFolder, signal }: ReferencePlace,
  network?: ClientOptions,
): Promise<BlobFailures> {
  const spool = new Spool(areaFolder(cacheFolder, 'spool'))
  const cache = await openCache(cacheFolder)
  const registry = openRegistryAccess({ cache, signal, ...(network !== undefined && { network }) })
  const store = await openStore(reference, { spool, registry })
  const progress = startProgress(process.stderr)
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
