// The embedded upstream in a registry of its own on loopback, for commands that read upstream as it is served.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import type { ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import type { Upstream } from '#fixtures/simulator/upstream/upstream.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { UPSTREAM_NAMESPACE } from './names.ts'
import { putSignedUpstream } from './signed.ts'

type ServedUpstream = {
  readonly made: Upstream
  /** `127.0.0.1:41234` */
  readonly host: string
  /** `127.0.0.1:41234/siderolabs` */
  readonly namespace: string
  /** The file for --trusted-root. */
  readonly trustedRoot: string
  /** A cache of its own: what is read here is of no use in the user's. */
  readonly cacheFolder: string
  close(): Promise<void>
}

/** Serves these releases; closing it ends the registry and removes what was read. */
export async function serveEmbedded(releases: readonly ReleaseName[], contract?: Contract): Promise<ServedUpstream> {
  const temporary = await makeTemporaryFolder('talos-image-upstream-')
  const folder = temporary.path
  const registry = await startRegistry()
  const close = async (): Promise<void> => {
    await registry.close()
    await temporary[Symbol.asyncDispose]()
  }
  try {
    const { made, authority } = await putSignedUpstream(registry, releases, contract)
    const trustedRoot = join(folder, 'trusted_root.json')
    await writeFile(trustedRoot, authority.trustedRoot)
    const { host } = registry
    const namespace = `${host}/${UPSTREAM_NAMESPACE}`
    return { made, host, namespace, trustedRoot, cacheFolder: join(folder, 'cache'), close }
  } catch (error) {
    await close()
    throw error
  }
}
