// Releases of upstream as sides of a comparison: by their locks, or by the lock that is made of a tag.
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import { heldExtensions, type Contract } from '#specs/contract/contract.ts'
import { describeRelease } from '../drift/describe.ts'
import { keepIn } from '../drift/kept.ts'
import { readNewLock } from '../drift/new-lock.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { EMBEDDED } from '../embedded-upstream/names.ts'
import { loadLock } from '../judge/candidates/inputs.ts'
import { UsageError } from '../judge/usage-error.ts'
import { openSession } from '../lock/upstream/session.ts'
import type { DiffOptions, SideName } from './options.ts'
import type { Side } from './side.ts'

export type Releases = {
  readonly side: (name: SideName) => Promise<Side>
  readonly close: () => Promise<void>
}

type Terms = { readonly options: DiffOptions; readonly contract: Contract; readonly signal: AbortSignal }

/** UsageError and LockError, also of each side. */
export async function openReleases(
  names: readonly SideName[],
  { options, contract, signal }: Terms,
): Promise<Releases> {
  const embedded = options.upstream === EMBEDDED ? await serveNamed(names, contract) : undefined
  const quiet = (): void => undefined
  const { contract: trusted = contract, ...reached } = embedded ?? {}
  const session = await openSession(
    { ...options, ...reached },
    { contract: trusted, hasAll: embedded !== undefined, signal, note: quiet, offline: quiet, step: quiet },
  )
  const kept = keepIn(session.cacheFolder)
  const { upstream } = session
  return {
    side: async ({ kind, text }) => {
      const lock =
        kind === 'lock'
          ? (await loadLock(text))?.value
          : (await readNewLock(text, { upstream, contract: trusted, verify: options.verify })).lock
      if (lock === undefined) throw new UsageError(`there is no lock ${text}`)
      const release = await describeRelease(upstream, lock, kept)
      const base = lock.installerBase?.digest
      return { name: text, talos: release.talos, architecture: 'arm64', release, ...(base !== undefined && { base }) }
    },
    close: async () => {
      await session.close()
      await embedded?.close()
    },
  }
}

/** The embedded releases that are named, or all where a lock may name any. */
async function serveNamed(names: readonly SideName[], contract: Contract) {
  const { serveEmbedded } = await import('../embedded-upstream/served.ts')
  const isAny = names.some(({ kind }) => kind === 'lock')
  const wanted = new Set([...names.map(({ text }) => text), ...heldExtensions(contract).map(({ talos }) => talos)])
  const unknown = names.find(({ kind, text }) => kind === 'release' && !RELEASE_NAMES.some((one) => one === text))
  if (unknown !== undefined)
    throw new UsageError(`there is no ${unknown.text}: --upstream embedded has ${RELEASE_NAMES.join(', ')}`)
  const releases = RELEASE_NAMES.filter((one) => isAny || wanted.has(one))
  const { namespace, trustedRoot, cacheFolder, close } = await serveEmbedded(releases, contract)
  return { contract: embeddedContract(contract).contract, upstream: namespace, trustedRoot, cache: cacheFolder, close }
}
