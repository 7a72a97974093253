// The embedded upstream as people meet the real one: in a registry, signed, and locked by what was read and verified.
import { join } from 'node:path'
import { registryUpstream } from '#build/upstream-registry.ts'
import type { UpstreamParts } from '#build/upstream.ts'
import { openAuthority, type Authority } from '#fixtures/authority/authority.ts'
import { signUpstream } from '#fixtures/authority/sign-upstream.ts'
import { startRegistry, type Registry } from '#fixtures/registry/server.ts'
import { makeUpstream, type ReleaseName } from '#fixtures/upstream/upstream.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { openCache } from '#harness/oci/cache.ts'
import { openRegistryAccess } from '#harness/oci/store-registry-access.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { lockEmbedded } from './lock.ts'

export type EmbeddedUpstream = UpstreamParts & {
  readonly registry: Registry
  readonly authority: Authority
  /** A layout of the image that the lock pins as the reference; gives the reference by which it is read. */
  writeReference(folder: string): Promise<string>
}

export type UpstreamOptions = {
  readonly talos: ReleaseName
  /** One by which the embedded upstream is trusted. */
  readonly contract: Contract
  /** In the place of what upstream says. */
  readonly lock?: Lock | undefined
  /** The cache, and what is unpacked; whoever made it removes it. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

/** LockError; whoever closes it ends the registry. */
export async function openEmbeddedUpstream(options: UpstreamOptions): Promise<EmbeddedUpstream> {
  const { talos, contract, folder, signal } = options
  const registry = await startRegistry()
  const access = openRegistryAccess({
    cache: await openCache(join(folder, 'cache')),
    network: { credentials: () => Promise.resolve(undefined) },
    ...(signal && { signal }),
  })
  const spool = new Spool(join(folder, 'spool'))
  const closeAll = async (): Promise<void> => {
    await access.close()
    await spool.close()
    await registry.close()
  }
  try {
    const made = await makeUpstream({ releases: [talos] })
    const authority = await openAuthority()
    await made.serve(registry)
    await signUpstream(registry.content, made.images, authority)
    const mirror = `${registry.host}/siderolabs`
    const read = async (): Promise<Lock> => ({
      ...(await lockEmbedded({ mirror, access, spool }, { talos, contract, authority })),
      reference: made.reference(talos),
    })
    const parts = registryUpstream(options.lock ?? (await read()), { spool, registry: access }, mirror)
    return {
      ...parts,
      name: `the embedded upstream of Talos ${talos}`,
      registry,
      authority,
      writeReference: (place) => made.writeReference(talos, place),
      async close() {
        await parts.close()
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}
