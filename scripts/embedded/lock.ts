// The lock of the embedded upstream, read and verified as `npm run lock` does.
import type { Authority } from '#fixtures/simulator/authority/authority.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { parseTrustedRoot } from '#harness/signing/trust.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { readLock, wantedBy } from '../lock/upstream/read.ts'
import { findSigner } from '../lock/upstream/signatures.ts'

type Place = { readonly mirror: string; readonly access: RegistryAccess; readonly spool: Spool }
type Wanted = { readonly talos: string; readonly contract: Contract; readonly authority: Authority }

/** LockError. */
export async function lockEmbedded(place: Place, { talos, contract, authority }: Wanted): Promise<Lock> {
  const { access } = place
  const { namespace, signers } = contract.upstream
  const trust = parseTrustedRoot(Buffer.from(authority.trustedRoot), 'the embedded authority')
  const quiet = (): void => undefined
  const stores: ContentStore[] = []
  try {
    return await readLock(
      {
        ...place,
        namespace,
        keep: (store) => void stores.push(store),
        note: quiet,
        step: quiet,
        hasAll: true,
        signerOf: (image, name, own = signers) =>
          findSigner(image, name, { access, signers: own, trust: () => Promise.resolve(trust), note: quiet }),
      },
      { ...wantedBy(contract), talos, acceptMoved: false },
    )
  } finally {
    await Promise.all(stores.map((store) => store.close()))
  }
}
