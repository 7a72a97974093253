// `--upstream embedded`: the lock of a release of the upstream of the tests, read and verified as upstream's own is.
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { refuseHeld, type ContractFile } from '../embedded-upstream/chosen.ts'
import { refuseLacking } from '../embedded-upstream/lacking.ts'
import { serveEmbedded } from '../embedded-upstream/served.ts'
import { embeddedRelease, embeddedReleases } from '../embedded-upstream/signed.ts'
import type { LockOptions } from './options.ts'
import { lockFromRegistry, type LockTerms } from './registry.ts'

/**
 * With the image of CozyStack that was made beside it where the contract names a reference, as `npm run build` pins
 * it. LockError and UsageError.
 */
export async function lockFromEmbedded(
  options: LockOptions,
  { contract, ...terms }: LockTerms,
  file: ContractFile,
): Promise<Lock> {
  refuseHeld(file)
  const { talos, reference: _, ...others } = options
  const served = await serveEmbedded(talos === undefined ? RELEASE_NAMES : embeddedReleases(talos, contract), contract)
  const { made, namespace, trustedRoot, cacheFolder } = served
  const own = { ...others, upstream: namespace, trustedRoot, cache: cacheFolder, offline: false }
  try {
    if (talos !== undefined) refuseLacking(contract, made, embeddedRelease(talos))
    const read = await lockFromRegistry(
      { ...own, ...(talos !== undefined && { talos }) },
      { contract: embeddedContract(contract).contract, hasAll: true, ...terms },
    )
    const isPinned = read.talos !== undefined && contract.reference !== undefined
    return isPinned ? { ...read, reference: made.reference(embeddedRelease(read.talos)) } : read
  } finally {
    await served.close()
  }
}
