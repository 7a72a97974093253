// Signers: a key or an identity, behind one interface that gives Sigstore bundles.
// https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto
import type { SerializedBundle } from '@sigstore/bundle'

export interface Signer {
  /** The name for a person: `key sha256:…`, `https://github.com/… (keyless)`. */
  readonly name: string
  /** A signature over these very bytes (`messageSignature`). SigningError. */
  signBytes(payload: Uint8Array): Promise<SerializedBundle>
  /** A DSSE envelope around the payload. SigningError. */
  signEnvelope(payloadType: string, payload: Uint8Array): Promise<SerializedBundle>
}

/** KEY: it cannot be used. TOKEN: no identity to sign with. SERVICE: the authority or the log did not do its part. */
export type SigningCode = 'KEY' | 'TOKEN' | 'SERVICE'

export class SigningError extends Error {
  override name = 'SigningError'
  readonly code: SigningCode

  constructor(code: SigningCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json'

/** The bytes that a DSSE signature is over: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload])
}
