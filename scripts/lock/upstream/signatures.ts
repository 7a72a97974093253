// The signer of an image of upstream: valid, absent, invalid and undetermined are four answers.
import type { Digest } from '#harness/bytes/digest.ts'
import type { RegistryReference } from '#harness/oci/image/reference.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { readAttachments } from '#harness/signing/attachments.ts'
import type { SignerIdentity, TrustedSigner } from '#harness/signing/signer.ts'
import type { Trust } from '#harness/signing/trust.ts'
import { isSignature } from '#harness/signing/outcome.ts'
import { verifyAttachments } from '#harness/signing/verify.ts'
import { LockError } from './lock-error.ts'

export type SignatureCheck = {
  readonly access: RegistryAccess
  readonly signers: readonly TrustedSigner[]
  /** Asked only where there is something to verify. */
  readonly trust: () => Promise<Trust>
  readonly note: (text: string) => void
}

/**
 * The signer, undefined for an unsigned image. LockError `wrong` where no signature is valid, `unknown` where one could
 * not be verified; errors of `readAttachments`.
 */
export async function findSigner(
  { kind, registry, repository, digest }: RegistryReference & { readonly digest: Digest },
  /** The name in errors. */
  name: string,
  { access, signers, trust, note }: SignatureCheck,
): Promise<SignerIdentity | undefined> {
  const attachments = await readAttachments(access, { kind, registry, repository }, digest)
  const signatures = attachments.every((one) => one.kind === 'document')
    ? []
    : (await verifyAttachments(attachments, { digest, trust: await trust(), signers })).filter(isSignature)
  const valid = signatures.flatMap((one) => (one.outcome === 'valid' ? [one.signer] : []))
  // Signed twice, in both formats, is one signer twice; of several any one does, and always the same.
  const [signer] = valid.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (signer !== undefined) return signer
  const invalid = signatures.find((one) => one.outcome === 'invalid')
  if (invalid !== undefined)
    throw new LockError('wrong', `${name}: no valid signature of upstream: ${invalid.error.message}`)
  const unknown = signatures.find((one) => one.outcome === 'unknown')
  if (unknown !== undefined)
    throw new LockError(
      'unknown',
      `${name}: whether upstream signed it could not be determined: ${unknown.error.message}`,
    )
  note(`${name}: it is not signed`)
  return undefined
}
