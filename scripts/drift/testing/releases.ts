// The embedded releases as drift describes them, read from a registry on loopback.
import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import type { ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { makeUpstream } from '#fixtures/simulator/upstream/upstream.ts'
import { extensionNames, type Contract } from '#specs/contract/contract.ts'
import { loadContract } from '../../judge/candidates/inputs.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { Upstream } from '../../lock/upstream/upstream.ts'
import { readLock } from '../../lock/upstream/read.ts'
import { openSession } from '../../lock/upstream/session.ts'
import { describeRelease, type ReleaseDescription } from '../describe.ts'
import { keepIn } from '../kept.ts'

export type Described = AsyncDisposable & {
  readonly contract: Contract
  readonly upstream: Upstream
  /** A temporary folder, which goes with it. */
  readonly folder: string
  lockOf(talos: ReleaseName): Promise<Lock>
  of(talos: ReleaseName): Promise<ReleaseDescription>
}

/** `releases` are made; all by default. */
export async function describeEmbedded(releases?: readonly ReleaseName[]): Promise<Described> {
  const folder = await mkdtemp(join(tmpdir(), 'drift-releases-'))
  const registry = await startRegistry()
  await (await makeUpstream(releases && { releases })).serve(registry)
  const { value: contract } = await loadContract(undefined)
  const quiet = (): void => undefined
  const options = { upstream: `${registry.host}/siderolabs`, cache: join(folder, 'cache'), verify: false }
  const signal = new AbortController().signal
  const session = await openSession(options, { contract, signal, note: quiet, offline: quiet, step: quiet })
  const kept = keepIn(session.cacheFolder)
  const known = new Map<ReleaseName, Promise<ReleaseDescription>>()
  const lockOf = (talos: ReleaseName): Promise<Lock> =>
    readLock(session.upstream, { talos, extensions: extensionNames(contract), acceptMoved: true })
  const describeNow = async (talos: ReleaseName): Promise<ReleaseDescription> =>
    describeRelease(session.upstream, await lockOf(talos), kept)
  return {
    contract,
    upstream: session.upstream,
    folder,
    lockOf,
    of(talos) {
      const release = known.get(talos) ?? describeNow(talos)
      known.set(talos, release)
      return release
    },
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** The fields of a change that a person relies on. */
export function essence<T extends { readonly id: string }>({ id, effect, rules, was, is, names }: T & Essential) {
  return {
    id,
    effect,
    rules: rules.toSorted(),
    ...(names === undefined && was !== undefined && { was }),
    ...(names === undefined && is !== undefined && { is }),
    ...(names !== undefined && { names: names.toSorted() }),
  }
}

type Essential = {
  readonly effect: string
  readonly rules: readonly string[]
  readonly was?: string | undefined
  readonly is?: string | undefined
  readonly names?: readonly string[] | undefined
}
