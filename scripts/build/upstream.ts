// From --upstream and --lock to upstream's parts.
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderUpstream } from '#build/upstream/folder.ts'
import { registryUpstream } from '#build/upstream/registry.ts'
import type { UpstreamParts } from '#build/upstream/upstream.ts'
import { BUDGET } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import { admitsTalos } from '#specs/contract/contract.ts'
import { lockCommand, type Lock, type PinnedImage } from '#specs/contract/lock.ts'
import { loadLock, lockPlace } from '../judge/candidates/inputs.ts'
import { UsageError } from '../cli/command-line.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import { openEmbeddedUpstream, type EmbeddedUpstream } from '../embedded/upstream.ts'
import { chosenRelease, refuseHeld, type ContractFile } from '../embedded-upstream/chosen.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { embeddedRelease } from '../embedded-upstream/signed.ts'
import { networkOf, sayWaiting } from '../cli/registry-options.ts'
import type { BuildOptions } from './options.ts'
import { openCacheFolder } from '../judge/candidates/pull.ts'

export type BuildUpstream = UpstreamParts & Partial<Pick<EmbeddedUpstream, 'writeReference'>>

/** Opens the upstream of a build; closing it removes what it unpacked. */
export async function openUpstream(options: BuildOptions, contract: ContractFile): Promise<BuildUpstream> {
  const { upstream: where } = options
  if (where === EMBEDDED) return openEmbedded(contract, options.lock)
  const lock = await readLock(options.lock)
  const { limit: limits = BUDGET } = options
  const spool = new Spool(join(tmpdir(), `talos-image-build-${process.pid}`), limits)
  if (where !== undefined && (await isFolder(where))) return withSpool(folderUpstream(where, lock, spool), spool)
  if (where !== undefined && /^[./~]/.test(where)) throw new UsageError(`--upstream ${where}: there is no such folder`)
  const { installerBase, imager, kernelImage, extensions = [], overlays = [] } = lock
  const named = new Set([installerBase, imager, kernelImage, ...extensions, ...overlays].flatMap(registryOf))
  const network = await networkOf(options, where === undefined ? named : new Set([where]))
  const registry = openRegistryAccess({
    cache: await openCacheFolder(options.cache ?? defaultCacheFolder()),
    ...(network && { network }),
    waiting: sayWaiting(),
    limits,
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

/**
 * The upstream of the tests, made on the spot; of the release that the lock names, the given one or the user's own, where
 * there is such a release that the contract admits.
 */
async function openEmbedded(contract: ContractFile, lockPath?: string): Promise<BuildUpstream> {
  const lock = lockPath === undefined ? undefined : await readLock(lockPath)
  const own = (lock ?? (await loadLock(undefined))?.value)?.talos
  const { value } = contract
  const isOwn = lock !== undefined || RELEASE_NAMES.some((name) => name === own && admitsTalos(value, name))
  const talos = isOwn && own !== undefined ? embeddedRelease(own) : chosenRelease(contract)
  refuseHeld(contract)
  return openEmbeddedUpstream({ talos, contract: embeddedContract(value).contract, lock })
}

function registryOf(image: PinnedImage | undefined): readonly string[] {
  const reference = image && parseReference(image.reference)
  return reference?.kind === 'registry' ? [reference.registry] : []
}

async function readLock(path: string | undefined): Promise<Lock> {
  const loaded = await loadLock(path)
  if (loaded !== undefined) return loaded.value
  throw new UsageError(
    `there is no lock ${lockPlace()}: ${lockCommand(undefined)} writes it, --lock FILE takes another`,
  )
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
