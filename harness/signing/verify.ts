// Signatures and attestations of an image, held against who is trusted with them. What should be there is for others to
// say: nothing found, something wrong, and something that cannot be determined are three answers.
import type { Bundle } from '@sigstore/bundle'
import type { Digest } from '../bytes/digest.ts'
import { FormatError, HarnessError, RegistryError, VerificationError, type Location } from '../errors.ts'
import type { Attachment } from './attachments.ts'
import { parseBundle, toBundle } from './bundle.ts'
import { assertPayload, envelopeBundle, signatureBundle } from './legacy.ts'
import type { Outcome } from './outcome.ts'
import { prepareSigners, proveBundle, type Proof, type Trusted } from './signed-bundle.ts'
import type { TrustedSigner } from './signer.ts'
import { assertSubject, claimedType, parseStatement, STATEMENT_TYPE, type Statement } from './statement.ts'
import type { Trust } from './trust.ts'

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

type Context = { readonly digest: Digest; readonly trust: Trust; readonly trusted: Trusted }

function verifyOne(attachment: Attachment, context: Context): Outcome {
  let bundle: Bundle | undefined
  let proof: Proof | undefined
  try {
    if (attachment.error !== undefined) throw attachment.error
    bundle = readBundle(attachment)
    proof = prove(attachment, bundle, context)
    return { outcome: 'valid', attachment, ...proof, ...readSigned(attachment, bundle, context.digest) }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    const isUnknown = error instanceof RegistryError || error.code === 'UNSUPPORTED' || error.code === 'TRUST_ROOT'
    const claimed = bundle && claimOf(bundle, attachment.at)
    return {
      outcome: isUnknown ? 'unknown' : 'invalid',
      attachment,
      error,
      ...(claimed !== undefined && { predicateType: claimed }),
      ...(proof !== undefined && { signer: proof.signer }),
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

function prove({ kind, bytes, at }: Attachment, bundle: Bundle, { trust, trusted }: Context): Proof {
  if (bundle.content.$case === 'dsseEnvelope')
    return proveBundle(bundle, bundle.content.dsseEnvelope.payload, { trust, trusted, at })
  if (kind !== 'legacy-signature')
    throw new FormatError('bundle', 'UNSUPPORTED', 'expected a signed statement, got a signature of other bytes', {
      at,
    })
  return proveBundle(bundle, bytes, { trust, trusted, at })
}

type Read = { readonly format: 'legacy' | 'bundle'; readonly statement?: Statement }

/** What was signed, where it is about the image. */
function readSigned({ kind, bytes, at }: Attachment, { content }: Bundle, digest: Digest): Read {
  const format = kind === 'bundle' ? 'bundle' : 'legacy'
  if (content.$case === 'messageSignature') {
    assertPayload(bytes, digest, at)
    return { format }
  }
  const { payload, payloadType } = content.dsseEnvelope
  if (payloadType !== STATEMENT_TYPE)
    throw new VerificationError('SUBJECT', `envelope: expected ${STATEMENT_TYPE}, got ${quote(payloadType)}`, { at })
  const statement = parseStatement(payload, at)
  assertSubject(statement, digest, at)
  return { format, statement }
}

/** The predicate type that is there, whoever wrote it. */
function claimOf({ content }: Bundle, at: Location): string | undefined {
  if (content.$case === 'messageSignature') return undefined
  try {
    return claimedType(content.dsseEnvelope.payload, at)
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 140))
}
