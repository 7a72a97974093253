// The embedded upstream as people meet the real one: in a registry, signed, and locked by what was read and verified.
import { join } from 'node:path'
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'
import { registryUpstream } from '#build/upstream/registry.ts'
import type { UpstreamParts } from '#build/upstream/upstream.ts'
import type { Authority } from '#fixtures/simulator/authority/authority.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import type { ReleaseName } from '#fixtures/simulator/upstream/upstream.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'
import { LockError } from '../lock/upstream/lock-error.ts'
import { lockEmbedded } from './lock.ts'
import { UPSTREAM_NAMESPACE } from '../embedded-upstream/names.ts'
import { EMBEDDED_RELEASE } from '../embedded-upstream/chosen.ts'
import { refuseLacking } from '../embedded-upstream/lacking.ts'
import { embeddedReleases, putSignedUpstream } from '../embedded-upstream/signed.ts'

export type EmbeddedUpstream = UpstreamParts & {
  readonly registry: Registry
  readonly authority: Authority
  /** A temporary folder for anything made from it; closing removes it. */
  readonly folder: string
  /** The folder of what was read, below `folder`. */
  readonly cacheFolder: string
  /** A layout of the image that the lock pins as the reference; gives the reference by which it is read. */
  writeReference(folder: string): Promise<string>
}

export type UpstreamOptions = {
  /** `EMBEDDED_RELEASE` by default. */
  readonly talos?: ReleaseName | undefined
  /** A contract by which the embedded upstream is trusted. */
  readonly contract: Contract
  /** True if the lock pins CozyStack's image, even where the contract names no reference. */
  readonly withReference?: boolean
  /** A lock in the place of what upstream says. */
  readonly lock?: Lock | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens the embedded upstream; closing it ends the registry and removes the folder. UsageError where it cannot be
 * locked by the contract.
 */
export async function openEmbeddedUpstream(options: UpstreamOptions): Promise<EmbeddedUpstream> {
  const { talos = EMBEDDED_RELEASE, contract, withReference = false, signal } = options
  const closers: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  const temporary = await makeTemporaryFolder('talos-image-embedded-')
  const folder = temporary.path
  closers.push(() => temporary[Symbol.asyncDispose]())
  try {
    const registry = await startRegistry()
    closers.push(registry.close)
    const spool = new Spool(areaFolder(folder, 'spool'))
    closers.push(() => spool.close())
    const cacheFolder = join(folder, 'cache')
    const access = openRegistryAccess({
      cache: await openCache(cacheFolder),
      network: { credentials: () => Promise.resolve(undefined) },
      ...(signal && { signal }),
    })
    closers.push(() => access.close())
    const { made, authority } = await putSignedUpstream(registry, embeddedReleases(talos, contract), contract)
    refuseLacking(contract, made, talos)
    const mirror = `${registry.host}/${UPSTREAM_NAMESPACE}`
    const read = async (): Promise<Lock> => ({
      ...(await lockEmbedded({ mirror, access, spool }, { talos, contract, authority }).catch(refuseLock)),
      ...((withReference || contract.reference !== undefined) && { reference: made.reference(talos) }),
    })
    const parts = registryUpstream(options.lock ?? (await read()), { spool, registry: access, hasAll: true }, mirror)
    closers.push(() => parts.close())
    return {
      ...parts,
      name: `the embedded upstream of Talos ${talos}`,
      registry,
      authority,
      folder,
      cacheFolder,
      writeReference: (place) => made.writeReference(talos, place),
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function refuseLock(error: unknown): never {
  if (!(error instanceof LockError)) throw error
  throw new UsageError(`the embedded upstream has not what the contract names: ${error.message}`, { cause: error })
}
