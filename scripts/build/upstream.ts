// From --upstream and --lock to upstream's parts.
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderUpstream } from '#build/upstream-folder.ts'
import { registryUpstream } from '#build/upstream-registry.ts'
import type { UpstreamParts } from '#build/upstream.ts'
import { openBuildParts } from '#fixtures/upstream/build-parts.ts'
import { RELEASE_NAMES, type ReleaseName } from '#fixtures/upstream/release.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { openCache } from '#harness/oci/cache.ts'
import { machineCredentials } from '#harness/oci/client/credentials.ts'
import { openRegistryAccess } from '#harness/oci/store-registry-access.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { cacheFolder, loadLock, LOCK_PATH, lockCommand } from '../conform/inputs.ts'
import { UsageError } from '../conform/options.ts'
import type { BuildOptions } from './options.ts'

export const EMBEDDED = 'embedded'
/** The upstream of the tests that is built from when nothing says which release. */
const EMBEDDED_RELEASE: ReleaseName = 'v1.11.5'

/** Whoever closes it also loses what it unpacked. */
export async function openUpstream(options: BuildOptions): Promise<UpstreamParts> {
  const { upstream: where } = options
  if (where === EMBEDDED) return openEmbedded(options.lock)
  const lock = await readLock(options.lock)
  const spool = new Spool(join(tmpdir(), `talos-image-build-${process.pid}`))
  if (where !== undefined && (await isFolder(where))) return withSpool(folderUpstream(where, lock, spool), spool)
  if (where !== undefined && /^[./~]/.test(where)) throw new UsageError(`--upstream ${where}: there is no such folder`)
  const registry = openRegistryAccess({
    cache: await openCache(options.cache ?? cacheFolder()),
    network: { credentials: machineCredentials() },
  })
  const upstream = withSpool(registryUpstream(lock, { spool, registry }, where), spool)
  return {
    ...upstream,
    close: async () => {
      await upstream.close()
      await registry.close()
    },
  }
}

/** The upstream of the tests, made on the spot; of the release that the lock names, where one is given. */
export async function openEmbedded(lockPath?: string): Promise<UpstreamParts> {
  const given = lockPath === undefined ? undefined : await readLock(lockPath)
  const wanted = given?.talos ?? EMBEDDED_RELEASE
  const talos = RELEASE_NAMES.find((name) => name === wanted)
  if (talos === undefined)
    throw new UsageError(`the embedded upstream is of ${RELEASE_NAMES.join(', ')}, not of ${wanted}`)
  return openBuildParts(talos, given)
}

async function readLock(path: string | undefined): Promise<Lock> {
  const loaded = await loadLock(path)
  if (loaded !== undefined) return loaded.value
  throw new UsageError(`there is no lock ${LOCK_PATH}: ${lockCommand(undefined)} writes it, --lock FILE takes another`)
}

function withSpool(upstream: UpstreamParts, spool: Spool): UpstreamParts {
  return {
    ...upstream,
    close: async () => {
      await upstream.close()
      await spool.close()
    },
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}
