// From the command line to upstream's registry: how it is reached, which release, and what it says.
import { admitsTalos, type Contract } from '#specs/contract/contract.ts'
import type { Lock, PinnedExtension } from '#specs/contract/lock.ts'
import { showSteps } from '../cli/steps.ts'
import { UsageError } from '../cli/command-line.ts'
import { printable } from '../judge/verdict/printable.ts'
import { cacheError } from '../judge/candidates/pull.ts'
import { holdExtensions } from './upstream/hold.ts'
import { findLatest } from './upstream/latest.ts'
import type { LockOptions } from './options.ts'
import { readLock, wantedBy } from './upstream/read.ts'
import { parseImage, readReference } from './upstream/reference.ts'
import { openSession } from './upstream/session.ts'
import { referenceTo } from './upstream/upstream.ts'

export type LockTerms = {
  readonly contract: Contract
  readonly signal: AbortSignal
  /** Extensions that keep their pins. */
  readonly held: readonly PinnedExtension[]
  /** True where the registry has every image that the contract names. */
  readonly hasAll?: boolean
}

/** LockError and UsageError. */
export async function lockFromRegistry(
  options: LockOptions,
  { contract, signal, held, hasAll = false }: LockTerms,
): Promise<Lock> {
  const image = options.reference === undefined ? undefined : parseImage(options.reference)
  const progress = showSteps('lock', process.stderr)
  const say = (what: string) => (text: string) => {
    progress.end()
    process.stderr.write(`${what}: ${printable(text)}\n`)
  }
  const note = say('note')
  const session = await openSession(options, {
    contract,
    ...(image?.kind === 'registry' && { registries: [image.registry] }),
    hasAll,
    signal,
    note,
    offline: say('offline'),
    step: progress.step,
  })
  const { upstream, network, cacheFolder, limits } = session
  try {
    const latest = (range: string): Promise<string> | undefined =>
      network && findLatest(referenceTo(upstream, 'installer-base'), range, network, signal)
    const talos = withinContract(options.talos ?? (await latest(contract.talos)), contract)
    if (!options.verify) note('signatures were not verified: the lock names no signers')
    const { extensions, ...wanted } = wantedBy(contract)
    const read = await readLock(upstream, {
      ...wanted,
      talos,
      extensions: extensions.filter((name) => !held.some((pin) => pin.name === name)),
      acceptMoved: options.acceptMoved,
    })
    const release = await holdExtensions(upstream, read, held, options.verify)
    if (image === undefined) return release
    return {
      ...release,
      reference: await readReference(image, { access: upstream.access, cacheFolder, talos, note, limits }),
    }
  } catch (error) {
    throw cacheError(error, cacheFolder) ?? error
  } finally {
    progress.end()
    await session.close()
  }
}

function withinContract(talos: string | undefined, contract: Contract): string {
  if (talos === undefined) throw new UsageError('which release? --talos vX.Y.Z names one')
  if (admitsTalos(contract, talos)) return talos
  throw new UsageError(`the contract is for Talos ${contract.talos}, not for ${talos}`)
}
