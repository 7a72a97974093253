// The release that `npm test` judges when nothing is given: as made for people, from an embedded upstream in
// an embedded registry. Signed upstream, lock, both variants, publishing: the real steps, with nothing left on disk.
import { parseReference, type Reference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import { encodedPart } from '#harness/bytes/digest.ts'
import type { Registry } from '#fixtures/simulator/registry/server.ts'
import type { ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock } from '#specs/contract/lock.ts'
import type { Loaded } from '../judge/candidates/inputs.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { publishEmbedded } from './publish.ts'
import { openEmbeddedUpstream } from './upstream.ts'

export type Embedded = {
  readonly contract: Contract
  readonly registry: Registry
  readonly lock: Loaded<Lock>
  /** The installer image of each variant, in the registry. */
  readonly references: readonly RegistryReference[]
  /** The image that the lock pins as the reference. */
  readonly reference: { readonly digest: string; readonly image: Reference } | undefined
  /** A cache of its own: these images are of no use in the user's. */
  readonly cacheFolder: string
  /** File of the authority that signed. */
  readonly trustedRoot: string
  close(): Promise<void>
}

export type EmbeddedOptions = {
  /** This one alone, without the release. */
  readonly variant?: string | undefined
  /** Of this release of the embedded upstream; v1.11.5 by default. */
  readonly talos?: ReleaseName
  readonly signal?: AbortSignal
}

/** Makes the embedded release; closing it ends the registry and removes the images. */
export async function makeEmbedded(given: Contract, options: EmbeddedOptions): Promise<Embedded> {
  const { signal, talos } = options
  const { contract, publisher } = embeddedContract(given)
  const upstream = await openEmbeddedUpstream({ talos, contract, withReference: true, signal })
  try {
    const { lock, registry, authority, folder, cacheFolder } = upstream
    const variants = options.variant === undefined ? Object.keys(contract.variants) : [options.variant]
    const layouts = await mapInParallel(variants, async (variant) => {
      const output = join(folder, variant)
      await assemble(planVariant({ lock, contract, variant }), { upstream, output, signal })
      return { variant, folder: output }
    })
    const trustedRoot = join(folder, 'trusted_root.json')
    await writeFile(trustedRoot, authority.trustedRoot)
    const sha256 = encodedPart(lockDigest(lock))
    return {
      contract,
      registry,
      lock: { value: lock, path: upstream.name, sha256 },
      references: await publishEmbedded(layouts, {
        registry,
        signer: authority.signer(publisher),
        contract,
        lock,
        spoolFolder: join(folder, 'spool'),
      }),
      reference: lock.reference && {
        digest: lock.reference.digest,
        image: parseReference(await upstream.writeReference(join(folder, 'reference'))),
      },
      cacheFolder,
      trustedRoot,
      close: upstream.close,
    }
  } catch (error) {
    await upstream.close()
    throw error
  }
}
