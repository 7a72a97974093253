// A bundle's signature, certificate and log entry as the annotations that cosign 2 keeps them in:
// https://github.com/sigstore/cosign/blob/v2.5.0/pkg/oci/static/signature.go
import type { SerializedBundle } from '@sigstore/bundle'

export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature'
export const CERTIFICATE_ANNOTATION = 'dev.sigstore.cosign/certificate'
export const BUNDLE_ANNOTATION = 'dev.sigstore.cosign/bundle'
const TIMESTAMP_ANNOTATION = 'dev.sigstore.cosign/rfc3161timestamp'

/** A part that the bundle lacks (certificate, log entry, timestamp: one signed with a key) is no annotation either. */
export function toLegacyAnnotations(bundle: SerializedBundle): Readonly<Record<string, string>> {
  const { certificate, x509CertificateChain, tlogEntries, timestampVerificationData } = bundle.verificationMaterial
  const leaf = certificate ?? x509CertificateChain?.certificates[0]
  const entry = tlogEntries[0]
  const timestamp = timestampVerificationData?.rfc3161Timestamps?.[0]
  return {
    [SIGNATURE_ANNOTATION]: bundle.messageSignature?.signature ?? '',
    ...(leaf !== undefined && { [CERTIFICATE_ANNOTATION]: toPem(leaf.rawBytes) }),
    ...(entry?.inclusionPromise !== undefined && {
      [BUNDLE_ANNOTATION]: JSON.stringify({
        SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
        Payload: {
          body: entry.canonicalizedBody,
          integratedTime: Number(entry.integratedTime),
          logIndex: Number(entry.logIndex),
          logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
        },
      }),
    }),
    ...(timestamp !== undefined && {
      [TIMESTAMP_ANNOTATION]: JSON.stringify({ SignedRFC3161Timestamp: timestamp.signedTimestamp }),
    }),
  }
}

export function toPem(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
