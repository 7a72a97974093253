// Signatures for tests, by an authority of the moment whose certificates, logs and clock are @sigstore/mock's: what
// made them shares nothing with what reads them.
import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { SerializedBundle } from '@sigstore/bundle'
import { dsse } from '@sigstore/core'
import { initializeCA, initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock'
import { json } from './oci-samples.ts'

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const STATEMENT = 'application/vnd.in-toto+json'
export const ISSUER = 'https://token.actions.githubusercontent.com'
export const SUBJECT = 'https://github.com/you/repo/.github/workflows/build.yaml@refs/heads/main'

const ISSUER_OIDS = ['1.3.6.1.4.1.57264.1.1', '1.3.6.1.4.1.57264.1.8'] as const
const START = '2020-01-01T00:00:00Z'

export type SampleLogEntry = { readonly body: string; readonly integratedTime: number; readonly logIndex: number } & {
  readonly logID: string
  readonly verification: { readonly signedEntryTimestamp: string; readonly inclusionProof: InclusionProof }
}
type InclusionProof = {
  readonly logIndex: number
  readonly treeSize: number
  readonly rootHash: string
  readonly checkpoint: string
}

/** The key and certificate of a signature, and the logs that have it. */
export type Signed = {
  readonly signature: Buffer
  /** PEM. */
  readonly certificate: string
  readonly entry: SampleLogEntry
}

export type SampleOptions = {
  readonly issuer?: string
  readonly subject?: string
  /** The PEM that the entry of the log names, instead of the certificate. */
  readonly loggedKey?: string
  /** True for a certificate that its log has seen. */
  readonly stamped?: boolean
}

export type SampleAuthority = {
  /** trusted_root.json, to be changed at will. */
  readonly root: Record<'tlogs' | 'ctlogs' | 'certificateAuthorities' | 'timestampAuthorities', object[]> & {
    mediaType: string
  }
  signPayload(payload: Uint8Array, options?: SampleOptions): Promise<Signed>
  signEnvelope(payload: Uint8Array, options?: SampleOptions & { readonly payloadType?: string }): Promise<Signed>
  /** The entry of a signature that a key made; `key` in PEM. */
  logEnvelope(payload: Uint8Array, signature: Buffer, key: string): Promise<SampleLogEntry>
  /** RFC 3161, base64. */
  timestamp(signature: Buffer): Promise<string>
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
export const spki = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
export const toPem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(der)}\n-----END CERTIFICATE-----\n`

export async function openSampleAuthority(): Promise<SampleAuthority> {
  const keys = { ca: newKey(), ctlog: newKey(), tlog: newKey(), tsa: newKey() }
  const ctlog = await initializeCTLog(keys.ctlog)
  const authority = await initializeCA(keys.ca, ctlog)
  const unstamped = await initializeCA(keys.ca)
  const tlog = await initializeTLog('https://rekor.example', keys.tlog)
  // In whole seconds: of fractions the library reads three digits or none.
  const soon = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000)
  const tsa = await initializeTSA(keys.tsa, soon)
  const validFor = { start: START }
  const log = (baseUrl: string, key: KeyObject): object => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: base64(spki(key)), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId: createHash('sha256').update(spki(key)).digest('base64') },
  })
  const chain = (...certificates: readonly ArrayBufferView[]): object => ({
    subject: {},
    uri: '',
    certChain: {
      certificates: certificates.map((one) => ({ rawBytes: base64(bytesOf(one)) })),
    },
    validFor,
  })

  const signWith = async (
    signed: Uint8Array,
    { issuer = ISSUER, subject = SUBJECT, loggedKey, stamped = true }: SampleOptions,
    toEntry: (signature: Buffer, pem: string) => object,
  ): Promise<Signed> => {
    const { privateKey, publicKey } = newKey()
    const der = await (stamped ? authority : unstamped).issueCertificate({
      publicKey: Uint8Array.from(spki(publicKey)),
      subjectAltName: subject,
      extensions: ISSUER_OIDS.map((oid, index) => ({ oid, value: issuer, legacy: index === 0 })),
    })
    const certificate = toPem(bytesOf(der))
    const signature = sign('sha256', signed, privateKey)
    const [entry] = Object.values(await tlog.log(toEntry(signature, base64(loggedKey ?? certificate))))
    return { signature, certificate, entry: entry as unknown as SampleLogEntry }
  }
  return {
    root: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log('https://rekor.example', keys.tlog.publicKey)],
      ctlogs: [log('https://ctfe.example', keys.ctlog.publicKey)],
      certificateAuthorities: [chain(authority.rootCertificate)],
      timestampAuthorities: [chain(tsa.intCertificate, tsa.rootCertificate)],
    },
    signPayload: (payload, options = {}) =>
      signWith(payload, options, (signature, pem) => ({
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') } },
          signature: { content: base64(signature), publicKey: { content: pem } },
        },
      })),
    signEnvelope: (payload, { payloadType = STATEMENT, ...options } = {}) =>
      signWith(dsse.preAuthEncoding(payloadType, Buffer.from(payload)), options, (signature, pem) =>
        dsseEntry(payload, signature, pem),
      ),
    logEnvelope: async (payload, signature, key) => {
      const [entry] = Object.values(await tlog.log(dsseEntry(payload, signature, base64(key))))
      return entry as unknown as SampleLogEntry
    },
    timestamp: async (signature) => {
      const artifactHash = createHash('sha256').update(signature).digest()
      const request = {
        artifactHash,
        hashAlgorithmOID: '2.16.840.1.101.3.4.2.1',
        nonce: 7,
        policyOID: '1.3.6.1.4.1.57264.2',
      }
      return base64(bytesOf(await tsa.timestamp({ ...request, certReq: true })))
    },
  }
}

function dsseEntry(payload: Uint8Array, signature: Buffer, verifier: string): object {
  const payloadHash = { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') }
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: { payloadHash, signatures: [{ signature: base64(signature), verifier }] },
  }
}

type Material = SerializedBundle['verificationMaterial']

/** An entry as a bundle has it. */
export function bundledEntry(entry: SampleLogEntry): Material['tlogEntries'][number] {
  const { kind, apiVersion: version } = JSON.parse(Buffer.from(entry.body, 'base64').toString()) as Record<
    string,
    string
  >
  const { signedEntryTimestamp, inclusionProof: proof } = entry.verification
  return {
    logIndex: `${entry.logIndex}`,
    logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
    kindVersion: { kind: kind ?? '', version: version ?? '' },
    integratedTime: `${entry.integratedTime}`,
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: `${proof.logIndex}`,
      treeSize: `${proof.treeSize}`,
      rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
      hashes: [],
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody: entry.body,
  }
}

/** A bundle of version 0.3 around an envelope. */
export function sampleBundle(payload: Uint8Array, signed: Signed, payloadType = STATEMENT): Record<string, unknown> {
  const rawBytes = signed.certificate.replaceAll(/-----.*-----|\n/g, '')
  return {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { certificate: { rawBytes }, tlogEntries: [bundledEntry(signed.entry)] },
    dsseEnvelope: envelope(payload, signed.signature, payloadType),
  }
}

/** The same signed by a key alone. */
export function keyedBundle(
  payload: Uint8Array,
  key: KeyObject,
  { hint = '', hash = 'sha256' as string | null } = {},
): object {
  const signature = sign(hash, dsse.preAuthEncoding(STATEMENT, Buffer.from(payload)), key)
  return {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: envelope(payload, signature, STATEMENT),
  }
}

export function envelope(payload: Uint8Array, signature: Uint8Array, payloadType = STATEMENT): object {
  return { payload: base64(payload), payloadType, signatures: [{ sig: base64(signature), keyid: '' }] }
}

/** Annotations of cosign's `.sig` tag beside a payload. */
export function legacyAnnotations({ signature, certificate, entry }: Signed): Record<string, string> {
  const { body, integratedTime, logIndex, logID } = entry
  return {
    'dev.cosignproject.cosign/signature': base64(signature),
    'dev.sigstore.cosign/certificate': certificate,
    'dev.sigstore.cosign/bundle': JSON.stringify({
      SignedEntryTimestamp: entry.verification.signedEntryTimestamp,
      Payload: { body, integratedTime, logIndex, logID },
    }),
  }
}

export function simpleSigning(digest: string, image: object = { 'docker-manifest-digest': digest }): Buffer {
  const type = 'cosign container image signature'
  return json({ critical: { identity: { 'docker-reference': 'x' }, image, type }, optional: null })
}

export function sampleStatement(digest: string, change: object = {}): Buffer {
  const [algorithm = '', hex = ''] = digest.split(':')
  return json({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { [algorithm]: hex } }],
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
    ...change,
  })
}
