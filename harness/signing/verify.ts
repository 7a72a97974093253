// Signatures and attestations of an image, held against who is trusted with them. What should be there is for others to
// say: nothing found, something wrong, and something that cannot be determined are three answers.
import type { Bundle } from '@sigstore/bundle'
import type { Digest } from '../bytes/digest.ts'
import { FormatError, HarnessError, RegistryError, VerificationError, type Location } from '../errors.ts'
import type { Attachment } from './attachments.ts'
import { parseBundle, toBundle } from './bundle.ts'
import { assertPayload, envelopeBundle, signatureBundle } from './legacy.ts'
import { prepareSigners, proveBundle, type Proof, type Trusted } from './signed-bundle.ts'
import type { SignerIdentity, TrustedSigner } from './signer.ts'
import { assertSubject, COSIGN_SIGN, parseStatement, STATEMENT_TYPE, type Statement } from './statement.ts'
import type { Trust } from './trust.ts'

export { COSIGN_SIGN } from './statement.ts'

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
  /** The claimed predicate type, signed or not; undefined where that cannot be read. */
  readonly predicateType?: string
}

export type VerifyOptions = {
  readonly digest: Digest
  readonly trust: Trust
  readonly signers: readonly TrustedSigner[]
}

/** Attachments are bounded already; here too, since each costs some milliseconds and more with many keys. */
const MAX_VERIFIED = 100

/**
 * One outcome for each signature and attestation, none for documents. FormatError `key` or `pattern` where a signer
 * cannot be read.
 */
export async function verifyAttachments(
  attachments: readonly Attachment[],
  { digest, trust, signers }: VerifyOptions,
): Promise<readonly Outcome[]> {
  const trusted = prepareSigners(signers)
  return attachments
    .filter(({ kind }) => kind !== 'document')
    .map((attachment, index): Outcome => {
      if (index < MAX_VERIFIED) return verifyOne(attachment, { digest, trust, trusted })
      const message = `expected at most ${MAX_VERIFIED} signatures, got one more`
      const error = new FormatError('signatures', 'LIMIT_EXCEEDED', message, { at: attachment.at })
      return { outcome: 'unknown', attachment, error }
    })
}

/** True for an outcome that is, or claims to be, about a signature of the image; what cannot be read may be one. */
export function isSignature(outcome: Outcome): boolean {
  if (outcome.attachment.kind === 'legacy-signature') return true
  const type = outcome.outcome === 'valid' ? outcome.statement?.predicateType : outcome.predicateType
  return type === undefined || type === COSIGN_SIGN
}

type Context = { readonly digest: Digest; readonly trust: Trust; readonly trusted: Trusted }

function verifyOne(attachment: Attachment, context: Context): Outcome {
  let bundle: Bundle | undefined
  try {
    if (attachment.error !== undefined) throw attachment.error
    bundle = readBundle(attachment)
    return { outcome: 'valid', attachment, ...prove(attachment, bundle, context) }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    const isUnknown = error instanceof RegistryError || error.code === 'UNSUPPORTED' || error.code === 'TRUST_ROOT'
    const claimed = bundle && claimOf(bundle, attachment.at)
    return {
      outcome: isUnknown ? 'unknown' : 'invalid',
      attachment,
      error,
      ...(claimed !== undefined && { predicateType: claimed }),
    }
  }
}

function readBundle({ kind, bytes, annotations, at }: Attachment): Bundle {
  if (kind === 'bundle') return parseBundle(bytes, at)
  return toBundle(
    kind === 'legacy-signature' ? signatureBundle(bytes, annotations, at) : envelopeBundle(bytes, annotations, at),
    at,
  )
}

type Proven = Proof & { readonly format: 'legacy' | 'bundle'; readonly statement?: Statement }

function prove({ kind, bytes, at }: Attachment, bundle: Bundle, { digest, trust, trusted }: Context): Proven {
  const format = kind === 'bundle' ? 'bundle' : 'legacy'
  if (bundle.content.$case === 'messageSignature') {
    if (kind !== 'legacy-signature')
      throw new FormatError('bundle', 'UNSUPPORTED', 'expected a signed statement, got a signature of other bytes', {
        at,
      })
    const proof = proveBundle(bundle, bytes, { trust, trusted, at })
    assertPayload(bytes, digest, at)
    return { ...proof, format }
  }
  const { payload, payloadType } = bundle.content.dsseEnvelope
  const proof = proveBundle(bundle, payload, { trust, trusted, at })
  if (payloadType !== STATEMENT_TYPE)
    throw new VerificationError('SUBJECT', `envelope: expected ${STATEMENT_TYPE}, got ${quote(payloadType)}`, { at })
  const statement = parseStatement(payload, at)
  assertSubject(statement, digest, at)
  return { ...proof, format, statement }
}

/** The predicate type that is there, whoever wrote it. */
function claimOf({ content }: Bundle, at: Location): string | undefined {
  if (content.$case === 'messageSignature') return undefined
  try {
    return parseStatement(content.dsseEnvelope.payload, at).predicateType
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 140))
}
