// Every field of a Sigstore bundle, for the reader of its text: one that is written in another spelling says one thing to
// a client that folds names, and another to one that does not.
// https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/{sigstore_bundle,sigstore_rekor,envelope}.proto
import { z } from 'zod'

const leaf = z.unknown().optional()
const message = (fields: Readonly<Record<string, z.ZodType>>) => z.looseObject({ ...fields }).optional()
const leaves = (...names: readonly string[]) => message(Object.fromEntries(names.map((name) => [name, leaf])))
const list = (item: z.ZodType) => z.array(item).optional()

const logEntry = message({
  logIndex: leaf,
  logId: leaves('keyId'),
  kindVersion: leaves('kind', 'version'),
  integratedTime: leaf,
  inclusionPromise: leaves('signedEntryTimestamp'),
  inclusionProof: message({
    logIndex: leaf,
    rootHash: leaf,
    treeSize: leaf,
    hashes: leaf,
    checkpoint: leaves('envelope'),
  }),
  canonicalizedBody: leaf,
})

export const bundleFields = z.looseObject({
  mediaType: leaf,
  verificationMaterial: message({
    publicKey: leaves('hint'),
    certificate: leaves('rawBytes'),
    x509CertificateChain: message({ certificates: list(leaves('rawBytes')) }),
    tlogEntries: list(logEntry),
    timestampVerificationData: message({ rfc3161Timestamps: list(leaves('signedTimestamp')) }),
  }),
  messageSignature: message({ messageDigest: leaves('algorithm', 'digest'), signature: leaf }),
  dsseEnvelope: message({ payload: leaf, payloadType: leaf, signatures: list(leaves('sig', 'keyid')) }),
})
