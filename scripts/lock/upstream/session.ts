// A command's access to upstream: the registry's network options, the cache, the trusted signers.
import { BUDGET, type BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { areaFolder, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import type { ClientOptions } from '#harness/oci/client/client.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { ownExtensions, ownKernel, type Contract } from '#specs/contract/contract.ts'
import { networkOf, sayWaiting, type RegistryOptions } from '../../cli/registry-options.ts'
import { openTrust } from '../../cli/trust.ts'
import { findSigner } from './signatures.ts'
import { parseNamespace, referenceTo, type Upstream } from './upstream.ts'
import { openCacheFolder } from '../../judge/candidates/pull.ts'

export type SessionOptions = RegistryOptions & {
  readonly upstream?: string
  readonly trustedRoot?: string
  /** True to verify; without it signatures are not read, and images count as unsigned. */
  readonly verify: boolean
}

export type SessionPlace = {
  readonly contract: Contract
  /** Registries that are read beside upstream's and those of what the contract names. */
  readonly registries?: readonly string[]
  /** As of Upstream. */
  readonly hasAll?: boolean
  readonly signal: AbortSignal
  /** Something worth knowing. */
  readonly note: (text: string) => void
  /** A tag is taken from the cache. */
  readonly offline: (text: string) => void
  /** Reports the current step. */
  readonly step: (text: string) => void
}

export type UpstreamSession = {
  readonly upstream: Upstream
  /** Options of the client; undefined for --offline. */
  readonly network: ClientOptions | undefined
  readonly cacheFolder: string
  /** The limits of each image. */
  readonly limits: BudgetLimits
  close(): Promise<void>
}

/** UsageError for options that do not go together, or name no registry. */
export async function openSession(options: SessionOptions, place: SessionPlace): Promise<UpstreamSession> {
  const { contract, registries = [], hasAll = false, signal, note, offline, step } = place
  const { namespace, signers } = contract.upstream
  const mirror = parseNamespace(options.upstream ?? namespace)
  const { registry } = referenceTo({ mirror }, 'installer-base')
  const network = await networkOf(options, new Set([registry, ...registries, ...registriesOf(contract)]))
  const cacheFolder = options.cache ?? defaultCacheFolder()
  const trust = await openTrust({ ...options, cacheFolder, note })
  const { limit: limits = BUDGET } = options
  const access = openRegistryAccess({
    waiting: sayWaiting(),
    cache: await openCacheFolder(cacheFolder),
    ...(network !== undefined && { network }),
    notify: offline,
    signal,
    limits,
  })
  const spool = new Spool(areaFolder(cacheFolder, 'spool'), limits)
  const stores: ContentStore[] = []
  const upstream: Upstream = {
    namespace,
    mirror,
    access,
    spool,
    keep: (store) => void stores.push(store),
    note,
    step,
    ...(hasAll && { hasAll }),
    signerOf: (pinned, name, own = signers) =>
      options.verify ? findSigner(pinned, name, { access, signers: own, trust, note }) : Promise.resolve(undefined),
  }
  return {
    upstream,
    network,
    cacheFolder,
    limits,
    close: async () => {
      await Promise.all(stores.map((store) => store.close()))
      await spool.close()
      await access.close()
    },
  }
}

/** Registries of what the contract names by itself. */
function registriesOf(contract: Contract): readonly string[] {
  const kernel = ownKernel(contract)
  const images = [...(contract.overlays ?? []), ...ownExtensions(contract), ...(kernel === undefined ? [] : [kernel])]
  return images.flatMap(({ image }) => {
    const parsed = parseReference(image)
    return parsed.kind === 'registry' ? [parsed.registry] : []
  })
}
