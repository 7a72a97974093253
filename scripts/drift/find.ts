// Finds drift: the newer releases and the locked one, each read once and compared with the contract.
import { openRegistryClient } from '#harness/oci/client/client.ts'
import { listTags } from '#harness/oci/client/tags.ts'
import { openRegistryAccess, resolveIfThere } from '#harness/oci/registry/access.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { admitsTalos, type Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { about, LockError } from '../lock/upstream/lock-error.ts'
import { readReference } from '../lock/upstream/reference.ts'
import type { UpstreamSession } from '../lock/upstream/session.ts'
import { placeOf, referenceTo } from '../lock/upstream/upstream.ts'
import { loadAdvisories, loadWaivers, type Loaded } from '../judge/candidates/inputs.ts'
import { advisedChanges, type AdvisedPlace } from './advised.ts'
import { change, type Change } from './changes/change.ts'
import { compareReleases, sortChanges } from './changes/compare.ts'
import { imagesOf } from './changes/images.ts'
import { describeRelease, type ReleaseDescription } from './describe.ts'
import { keepIn, type Kept } from './kept.ts'
import { lockedChanges, referenceFor } from './locked.ts'
import { readNewLock, type NewLockTerms } from './new-lock.ts'
import { isTalos, type DriftOptions } from './options.ts'
import { chooseTargets, newerReleases, type Newer } from './releases.ts'
import { isDrift, type Drift, type DriftTarget } from './report.ts'
import { judgeRelease } from './verdict.ts'
import { openCacheFolder } from '../judge/candidates/pull.ts'

export type DriftInputs = {
  readonly session: UpstreamSession
  readonly contract: Loaded<Contract>
  readonly options: DriftOptions
  /** The lock; undefined where `--from` names a release: its lock is read first. */
  readonly lock: Lock | undefined
  readonly signal: AbortSignal
}

export type Found = {
  readonly drift: Drift
  /** The lock of the release that was judged. */
  readonly lock: Lock | undefined
}

/** LockError where upstream is wrong or cannot be read. */
export async function findDrift(inputs: DriftInputs): Promise<Found> {
  const { session, options } = inputs
  const { upstream, cacheFolder } = session
  const lock = inputs.lock ?? (await readNewLock(options.from, lockTerms(inputs))).lock
  const from = lock.talos
  if (from === undefined) throw new LockError('unknown', 'the lock names no release: npm run lock writes one')
  const tags = await readTags(inputs)
  const asked = isTalos(options.to) ? [options.to] : undefined
  const newer = asked === undefined ? newerReleases(tags, from, options.pre) : named(tags, asked, from)
  const kept = keepIn(cacheFolder)
  const advised = {
    upstream,
    contract: inputs.contract.value,
    kept,
    advisories: await loadAdvisories(options.advisories),
    waivers: (await loadWaivers(options)).value,
  }
  const moved = inputs.lock === undefined ? [] : await lockedChanges(upstream, lock, options.verify)
  const locked = [...moved, ...(await advisedChanges(lock, advised))]
  const found = { schema: 1, from, upstream: upstream.mirror, newer, locked: sortChanges(locked), targets: [] } as const
  if (!isDrift(found)) return { drift: found, lock: undefined }
  const { admitted, newest } = chooseTargets(newer, inputs.contract.value)
  const targets: DriftTarget[] = []
  const wanted = [admitted, newest].filter((talos) => talos !== undefined)
  if (wanted.length === 0) return { drift: found, lock: undefined }
  const before = await describeRelease(upstream, lock, kept)
  let judged: Lock | undefined
  for (const talos of wanted) {
    const isJudged = talos === wanted[0]
    const { target, lock: read } = await readTarget(talos, { before, newer, kept, isJudged, advised }, inputs)
    targets.push(target)
    if (isJudged) judged = read
  }
  return { drift: { ...found, targets }, lock: judged }
}

/** The releases that were asked for, whether they are newer or not. */
function named(tags: readonly string[], talos: readonly string[], from: string): readonly Newer[] {
  const missing = talos.filter((one) => !tags.includes(one))
  if (missing.length > 0) throw new LockError('wrong', `upstream has no release ${missing.join(', ')}`)
  const known = newerReleases(tags, from, true)
  return talos.map((one) => known.find((newer) => newer.talos === one) ?? { talos: one, kind: 'patch' })
}

async function readTags({ session, signal }: DriftInputs): Promise<readonly string[]> {
  const { upstream, network } = session
  if (network === undefined) throw new LockError('unknown', 'drift asks a registry, and there is no network')
  const { registry, repository } = referenceTo(upstream, 'installer-base')
  const client = openRegistryClient(registry, network)
  try {
    return await about(`${registry}/${repository}`, () => listTags(client, repository, signal))
  } finally {
    await client.close()
  }
}

type TargetPlace = {
  readonly before: ReleaseDescription
  readonly newer: readonly Newer[]
  readonly kept: Kept
  readonly isJudged: boolean
  readonly advised: AdvisedPlace
}

async function readTarget(
  talos: string,
  { before, newer, kept, isJudged, advised }: TargetPlace,
  inputs: DriftInputs,
): Promise<{ readonly target: DriftTarget; readonly lock: Lock }> {
  const { session, contract, options } = inputs
  const { lock: own, missing } = await readNewLock(talos, lockTerms(inputs))
  const reference = await findReference(before.lock, talos, inputs)
  const lock = reference.pinned === undefined ? own : { ...own, reference: reference.pinned }
  const after = await describeRelease(session.upstream, lock, kept)
  const known = await advisedChanges(lock, advised)
  const changes = sortChanges([...compareReleases(before, after, contract.value), ...reference.changes, ...known])
  const decisions = changes.filter(({ effect }) => effect === 'decide').length
  const kind = newer.find((one) => one.talos === talos)?.kind ?? 'patch'
  const admitted = admitsTalos(contract.value, talos)
  const target = { talos, kind, admitted, changes }
  await assertUnmoved(lock, inputs)
  if (!isJudged || !options.judge) return { target, lock }
  if (missing.length > 0)
    return { target: { ...target, verdict: { reason: `the catalogue lacks ${missing.join(', ')}` } }, lock }
  const place = { ...inputs, contract: widened(contract, talos), reference: reference.where }
  return { target: { ...target, verdict: await judgeRelease(lock, decisions, place) }, lock }
}

/** The contract with its range widened to the release, all else unchanged. */
function widened(contract: Loaded<Contract>, talos: string): Loaded<Contract> {
  if (admitsTalos(contract.value, talos)) return contract
  return { ...contract, value: { ...contract.value, talos: '>=0.0.0' } }
}

function lockTerms({ session, contract, options }: DriftInputs): NewLockTerms {
  return { upstream: session.upstream, contract: contract.value, verify: options.verify }
}

type FoundReference = {
  readonly pinned?: NonNullable<Lock['reference']>
  readonly where?: string
  readonly changes: readonly Change[]
}

/** The reference of another release has the same repository, and that release as its tag. */
async function findReference(locked: Lock, talos: string, { session, options }: DriftInputs): Promise<FoundReference> {
  const { upstream, cacheFolder, limits } = session
  const where = referenceFor(locked, talos, options.reference)
  if (where === undefined) return { changes: [] }
  const text = renderReference(where)
  const found = await about(text, () => resolveIfThere(upstream.access, where))
  if (found !== undefined) {
    const note = (): void => undefined
    return {
      pinned: await readReference(where, { access: upstream.access, cacheFolder, talos, note, limits }),
      where: text,
      changes: [],
    }
  }
  const none = change('reference.missing', 'images', 'decide', `there is no image of ${talos} to compare ours with`, {
    rules: ['REL-005'],
    action: 'wait for CozyStack’s image of this release, or waive REL-005 until it is there',
  })
  return { changes: [none] }
}

/** Asks the registry again, without the cache: tags that moved during the reading do not describe one release. */
async function assertUnmoved(lock: Lock, { session, signal }: DriftInputs): Promise<void> {
  const { upstream, network, cacheFolder, limits } = session
  if (network === undefined) return
  const access = openRegistryAccess({ cache: await openCacheFolder(cacheFolder), network, signal, limits })
  try {
    for (const [, { reference, digest }] of imagesOf({ ...lock, extensions: [] })) {
      const { shown, asked } = placeOf(upstream, reference.replace(/@.*$/, ''))
      if (asked.tag === undefined) continue
      const now = await about(shown, () => resolveIfThere(access, asked))
      if (now?.digest !== digest)
        throw new LockError('unknown', `${shown}: the tag moved while it was read: ask again once upstream is done`)
    }
  } finally {
    await access.close()
  }
}
