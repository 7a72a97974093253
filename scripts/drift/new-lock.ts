// The lock of a release that nobody locked yet, as far as its catalogue has what the contract wants.
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { readCatalogue } from '../lock/upstream/catalogue.ts'
import { LockError } from '../lock/upstream/lock-error.ts'
import { readLock, wantedBy } from '../lock/upstream/read.ts'
import type { Upstream } from '../lock/upstream/upstream.ts'
import { imagesOf } from './changes/images.ts'

export type NewLock = { readonly lock: Lock; readonly missing: readonly string[] }

export type NewLockTerms = {
  readonly upstream: Upstream
  readonly contract: Contract
  /** True where every image must be signed. */
  readonly verify: boolean
}

/** A lock of the contract's extensions that the catalogue has; all signed, unless there is no network access. */
export async function readNewLock(talos: string, { upstream, contract, verify }: NewLockTerms): Promise<NewLock> {
  // A kernel of one's own is of one release: what the next one changes is seen by upstream's.
  const { extensions: wanted, kernel: _, ...others } = wantedBy(contract)
  const catalogue = await readCatalogue(upstream, talos)
  const there = new Set(catalogue.extensions.map(({ name }) => name))
  const lock = await readLock(upstream, {
    ...others,
    talos,
    extensions: wanted.filter((name) => there.has(name)),
    acceptMoved: true,
  })
  const unsigned = [...imagesOf(lock)].flatMap(([name, { signer }]) => (signer === undefined ? [name] : []))
  if (verify && contract.upstream.signers.length > 0 && unsigned.length > 0)
    throw new LockError('unknown', `Talos ${talos}: not signed: ${unsigned.join(', ')}; it may be half published`)
  return { lock, missing: wanted.filter((name) => !there.has(name)) }
}
