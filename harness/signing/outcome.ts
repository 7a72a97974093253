// What came of a signature or an attestation that was verified: apart from what verifies it, which takes long to load.
import type { HarnessError } from '../errors.ts'
import type { Attachment } from './attachments.ts'
import type { SignerIdentity } from './signer.ts'
import { COSIGN_SIGN, type Statement } from './statement.ts'

export type Outcome =
  | {
      readonly outcome: 'valid'
      readonly attachment: Attachment
      readonly signer: SignerIdentity
      readonly format: 'legacy' | 'bundle'
      /** The signed statement, where it is an in-toto statement. */
      readonly statement?: Statement
      /** The time that the log or a timestamp says; a key alone has neither. */
      readonly signedAt?: Date
    }
  | Failed<'invalid'>
  /**
   * A format or algorithm that we do not know, a trust root that knows nothing, a registry that does not answer: no
   * proof, and none of the opposite.
   */
  | Failed<'unknown'>

type Failed<Kind> = {
  readonly outcome: Kind
  readonly attachment: Attachment
  readonly error: HarnessError
  /** The claimed predicate type, signed or not; undefined where that cannot be read, or is there twice. */
  readonly predicateType?: string
  /** The trusted signer, where the signature holds: then what it signed is wrong, not known, or about another image. */
  readonly signer?: SignerIdentity
}

/** True for an outcome that is, or claims to be, about a signature of the image; what cannot be read may be one. */
export function isSignature(outcome: Outcome): boolean {
  if (outcome.attachment.kind === 'legacy-signature') return true
  const type = outcome.outcome === 'valid' ? outcome.statement?.predicateType : outcome.predicateType
  return type === undefined || type === COSIGN_SIGN
}
