// One attachment held against signers, for tests.
import type { Digest } from '../bytes/digest.ts'
import type { HarnessCode } from '../errors.ts'
import type { Attachment } from '../signing/attachments.ts'
import type { TrustedSigner } from '../signing/signer.ts'
import { parseTrustedRoot, type Trust } from '../signing/trust.ts'
import type { Outcome } from '../signing/outcome.ts'
import { verifyAttachments } from '../signing/verify.ts'
import { json } from './oci-samples.ts'
import { ISSUER, sampleStatement, simpleSigning, SUBJECT } from './signing-samples.ts'

export const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest
export const AT = { path: 'registry.example/you/image', digest: DIGEST }
/** The payload that is signed in either form. */
export const PAYLOAD = simpleSigning(DIGEST)
export const STATEMENT = sampleStatement(DIGEST)
export const SIGNER: TrustedSigner = { issuer: ISSUER, subject: SUBJECT }

export function trustIn(root: object): Trust {
  return parseTrustedRoot(json(root), 'root.json')
}

export function attached(
  kind: Attachment['kind'],
  bytes: Uint8Array,
  annotations: Attachment['annotations'] = {},
): Attachment {
  return { kind, mediaType: 'x/y', bytes, annotations, at: AT }
}

export async function judge(
  one: Attachment | Promise<Attachment>,
  trust: Trust,
  signers: readonly TrustedSigner[] = [SIGNER],
): Promise<Outcome> {
  const [outcome] = await verifyAttachments([await one], { digest: DIGEST, trust, signers })
  if (outcome === undefined) throw new Error('expected an outcome')
  return outcome
}

export function codeOf(outcome: Outcome): HarnessCode | 'valid' {
  return outcome.outcome === 'valid' ? 'valid' : outcome.error.code
}

/** An attachment, who is trusted, and by which root; the usual ones where they are left out. */
export type Asked = readonly [
  one: Attachment | Promise<Attachment>,
  signers?: readonly TrustedSigner[] | undefined,
  against?: Trust,
]
