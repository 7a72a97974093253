// Facts about an image that only its registry has: its tags, signatures and attachments.
import type { Digest } from '#harness/bytes/digest.ts'
import { orAbsent } from '#harness/errors.ts'
import { lazy } from '#harness/lazy.ts'
import type { RegistryReference } from '#harness/oci/image/reference.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'
import { resolveIfThere, type RegistryAccess } from '#harness/oci/registry/access.ts'
import { readAttachments, type Attachment } from '#harness/signing/attachments.ts'
import type { Outcome } from '#harness/signing/outcome.ts'
import type { Contract } from '../contract/contract.ts'
import type { NamedRepository } from '../contract/repositories.ts'
import { releaseTags, type Part } from '../contract/tags.ts'
import type { Lock } from '../contract/lock.ts'

export type Evidence = {
  /** The repository of the image. */
  readonly repository: NamedRepository
  /** The descriptor that a tag of the repository names; undefined where there is none. */
  tag(name: string): Promise<Descriptor | undefined>
  attachments(): Promise<readonly Attachment[]>
  /** Every signature and attestation, verified for the signers of the contract. */
  outcomes(): Promise<readonly Outcome[]>
}

export type EvidenceOptions = {
  readonly contract: Contract
  /** Text of a trusted_root.json; that of the public good instance as it was packaged, where there is none. */
  readonly trustedRoot?: string | undefined
}

/** `reference` must have the digest under test. Errors of `RegistryAccess` and `readAttachments`. */
export function openEvidence(
  access: RegistryAccess,
  reference: RegistryReference & { readonly digest: Digest },
  { contract, trustedRoot }: EvidenceOptions,
): Evidence {
  const { kind, registry, repository, digest } = reference
  const attachments = lazy(() => readAttachments(access, { kind, registry, repository }, digest))
  const trust = lazy(async () => {
    const { embeddedTrust, parseTrustedRoot } = await import('#harness/signing/trust.ts')
    return trustedRoot === undefined
      ? embeddedTrust()
      : parseTrustedRoot(new TextEncoder().encode(trustedRoot), 'trusted root')
  })
  return {
    repository: { registry, repository },
    tag: (name) => resolveIfThere(access, { kind, registry, repository, tag: name }, { aside: true }),
    attachments,
    outcomes: lazy(async () => {
      const found = await attachments()
      // Only here: what verifies takes long to load, and most runs hold nothing against it.
      const { verifyAttachments } = await import('#harness/signing/verify.ts')
      return verifyAttachments(found, { digest, trust: await trust(), signers: contract.signing.signers })
    }),
  }
}

/**
 * Reads all that the rules may ask for, so that it is in the cache. What is wrong with it, or was not answered, the
 * rules find again by themselves.
 */
export async function readEvidence(
  evidence: Evidence,
  part: Part,
  { lock, contract }: { readonly lock: Lock | undefined; readonly contract: Contract },
): Promise<readonly Attachment[]> {
  if (lock?.talos !== undefined) {
    const { version, immutableTag } = releaseTags(part, { ...lock, talos: lock.talos }, contract)
    await Promise.all([version, immutableTag].map((name) => orAbsent(() => evidence.tag(name))))
  }
  return (await orAbsent(() => evidence.attachments())) ?? []
}
