// What the rules of the face registry look at, read before anything runs: nobody needs the network after that.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { HarnessError } from '#harness/errors.ts'
import { parseReference } from '#harness/oci/reference.ts'
import type { RegistryAccess } from '#harness/oci/store-registry-access.ts'
import type { Attachment } from '#harness/signing/attachments.ts'
import { parseTrustedRoot, refreshTrust } from '#harness/signing/trust.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Part } from '#specs/support/applicability.ts'
import { openEvidence, readEvidence } from '#specs/support/evidence.ts'
import type { Candidate } from './candidates.ts'
import { UsageError } from './options.ts'

export type EvidencePlace = {
  readonly contract: Contract
  /** The folder of the cache. */
  readonly folder: string
  readonly trustedRoot?: string | undefined
  readonly offline?: boolean | undefined
}

/**
 * Tags, signatures and attestations of every candidate in a registry, into the cache. Gives the text of the trusted root
 * that they are held against; undefined for the packaged one. UsageError for what cannot be read.
 */
export async function pullEvidence(
  access: RegistryAccess,
  candidates: readonly Candidate[],
  place: EvidencePlace,
): Promise<string | undefined> {
  const given = place.trustedRoot === undefined ? undefined : await readTrustedRoot(place.trustedRoot)
  try {
    const found = await Promise.all(candidates.flatMap((candidate) => evidenceOf(access, candidate)))
    return given ?? (await newestTrust(found.flat(), place))
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function evidenceOf(access: RegistryAccess, candidate: Candidate): readonly Promise<readonly Attachment[]>[] {
  const { faces, references, contract, lock } = candidate
  if (faces?.includes('registry') === false) return []
  return Object.entries(references).flatMap(([part, text]) => {
    const reference = parseReference(text)
    if (reference.kind !== 'registry' || reference.digest === undefined) return []
    const evidence = openEvidence(access, { ...reference, digest: reference.digest }, { contract })
    return [readEvidence(evidence, part as Part, { lock, contract })]
  })
}

async function readTrustedRoot(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`the trusted root ${path} cannot be read: ${(cause as Error).message}`, { cause })
  })
  try {
    parseTrustedRoot(Buffer.from(text), path)
  } catch (cause) {
    if (cause instanceof HarnessError) throw new UsageError(cause.message, { cause })
    throw cause
  }
  return text
}

/** By TUF, where there is a keyless signature to hold against it; what was packaged is good enough without a network. */
async function newestTrust(
  attachments: readonly Attachment[],
  { contract, folder, offline }: EvidencePlace,
): Promise<string | undefined> {
  const isKeyless = contract.signing.signers.some((signer) => !('publicKey' in signer))
  if (offline === true || !isKeyless || attachments.every(({ kind }) => kind === 'document')) return undefined
  try {
    const { root } = await refreshTrust({ folder: join(folder, 'tuf') })
    return JSON.stringify(TrustedRoot.toJSON(root))
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    process.stderr.write(`the trusted root could not be refreshed (${error.message}): the packaged one is used\n`)
    return undefined
  }
}
