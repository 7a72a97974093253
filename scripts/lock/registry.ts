// From the command line to upstream's registry: how it is reached, which release, and what it says.
import { Spool } from '#harness/bytes/spool.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { areaFolder, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import { admitsTalos, extensionNames, type Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { progressOf } from '../build/render.ts'
import { UsageError } from '../cli/command-line.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { printable } from '../judge/verdict/printable.ts'
import { cacheError } from '../judge/candidates/registry.ts'
import { networkOf } from '../cli/registry-options.ts'
import { findLatest } from './latest.ts'
import type { LockOptions } from './options.ts'
import { readLock } from './read.ts'
import { parseImage, readReference } from './reference.ts'
import { findSigner } from './signatures.ts'
import { openTrust } from '../cli/trust.ts'
import { parseNamespace, referenceTo, type Upstream } from './upstream.ts'

/** LockError and UsageError. */
export async function lockFromRegistry(options: LockOptions, signal: AbortSignal): Promise<Lock> {
  const { value: contract } = await loadContract(options.contract)
  const { namespace } = contract.upstream
  const mirror = parseNamespace(options.upstream ?? namespace)
  const { registry } = referenceTo({ mirror }, 'installer-base')
  const image = options.reference === undefined ? undefined : parseImage(options.reference)
  const network = await networkOf(options, new Set([registry, ...(image?.kind === 'registry' ? [image.registry] : [])]))
  const folder = options.cache ?? defaultCacheFolder()
  const progress = progressOf('lock', process.stderr)
  const say = (what: string) => (text: string) => {
    progress.end()
    process.stderr.write(`${what}: ${printable(text)}\n`)
  }
  const note = say('note')
  const access = openRegistryAccess({
    cache: await openCache(folder),
    ...(network !== undefined && { network }),
    notify: say('offline'),
    signal,
  })
  const spool = new Spool(areaFolder(folder, 'spool'))
  const stores: ContentStore[] = []
  try {
    const latest = (range: string): Promise<string> | undefined =>
      network && findLatest(referenceTo({ mirror }, 'installer-base'), range, network, signal)
    const talos = withinContract(options.talos ?? (await latest(contract.talos)), contract)
    const trust = await openTrust({ ...options, folder, note })
    const upstream: Upstream = {
      namespace,
      mirror,
      access,
      spool,
      keep: (store) => void stores.push(store),
      note,
      step: progress.step,
      signerOf: (pinned, name) =>
        options.verify
          ? findSigner(pinned, name, { access, signers: contract.upstream.signers, trust, note })
          : Promise.resolve(undefined),
    }
    if (!options.verify) note('signatures were not verified: the lock names no signers')
    const release = await readLock(upstream, {
      talos,
      extensions: extensionNames(contract),
      acceptMoved: options.acceptMoved,
    })
    const { reference } = options
    if (reference === undefined) return release
    return {
      ...release,
      reference: await readReference(reference, { access, folder, talos, note }),
    }
  } catch (error) {
    throw cacheError(error, folder) ?? error
  } finally {
    progress.end()
    await Promise.all(stores.map((store) => store.close()))
    await spool.close()
    await access.close()
  }
}

function withinContract(talos: string | undefined, contract: Contract): string {
  if (talos === undefined) throw new UsageError('which release? --talos vX.Y.Z names one')
  if (admitsTalos(contract, talos)) return talos
  throw new UsageError(`the contract is for Talos ${contract.talos}, not for ${talos}`)
}
