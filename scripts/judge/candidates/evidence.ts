// Evidence for the rules of the target registry, read before anything runs: no network access afterwards.
import { HarnessError } from '#harness/errors.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import type { Attachment } from '#harness/signing/attachments.ts'
import type { Trust } from '#harness/signing/trust.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Part } from '#specs/contract/tags.ts'
import { openEvidence, readEvidence } from '#specs/support/evidence.ts'
import { UsageError } from '../usage-error.ts'
import type { Candidate } from './candidates.ts'

export type EvidencePlace = {
  readonly contract: Contract
  /** Asked only where something is held against it. */
  readonly trust: () => Promise<Trust>
}

/**
 * Tags, signatures and attestations of every candidate in a registry, into the cache. Gives the text of the trusted root
 * that they are held against; undefined where there is nothing to hold against one. UsageError for what cannot be read.
 */
export async function pullEvidence(
  access: RegistryAccess,
  candidates: readonly Candidate[],
  { contract, trust }: EvidencePlace,
): Promise<string | undefined> {
  try {
    const found = await Promise.all(candidates.flatMap((candidate) => evidenceOf(access, candidate)))
    const isKeyless = contract.signing.signers.some((signer) => !('publicKey' in signer))
    // No network access for authorities that nothing is held against.
    if (!isKeyless || found.flat().every(({ kind }) => kind === 'document')) return undefined
    const { TrustedRoot } = await import('@sigstore/protobuf-specs')
    return JSON.stringify(TrustedRoot.toJSON((await trust()).root))
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function evidenceOf(access: RegistryAccess, candidate: Candidate): readonly Promise<readonly Attachment[]>[] {
  const { targets, references, contract, lock } = candidate
  if (targets?.includes('registry') === false) return []
  return Object.entries(references).flatMap(([part, reference]) => {
    if (reference.kind !== 'registry' || reference.digest === undefined) return []
    const evidence = openEvidence(access, { ...reference, digest: reference.digest }, { contract })
    return [readEvidence(evidence, part as Part, { lock, contract })]
  })
}
