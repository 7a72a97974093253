// Signs as an identity that an OpenID provider vouches for: a key of the moment, certified by Fulcio and logged by Rekor.
// https://docs.sigstore.dev/cosign/signing/overview/
import { bundleToJSON, type Bundle, type SerializedBundle } from '@sigstore/bundle'
import {
  CIContextProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  RekorWitness,
  type BundleBuilderOptions,
} from '@sigstore/sign'
import { SigningError, type Signer } from './signer.ts'

export type KeylessOptions = {
  /**
   * An OpenID token for the audience `sigstore`. By default that of the machine: GitHub Actions with `id-token: write`,
   * Buildkite, or the variable SIGSTORE_ID_TOKEN.
   */
  readonly token?: string
  /** Sigstore's public instance by default. */
  readonly fulcioUrl?: string
  readonly rekorUrl?: string
  /** Limit for each request; three attempts are made. */
  readonly timeoutMs?: number
}

const AUDIENCE = 'sigstore'
const RETRIES = 2
const TIMEOUT_MS = 30_000
/** A token that ends sooner will not last until Fulcio has seen it. */
const MIN_LIFETIME_MS = 10_000

/**
 * Asks for one token at once, so that a machine without identity fails before anything is done. SigningError TOKEN.
 */
export async function openKeylessSigner(options: KeylessOptions = {}): Promise<Signer> {
  const { token, fulcioUrl, rekorUrl, timeoutMs = TIMEOUT_MS } = options
  const getToken = async (): Promise<string> => token ?? askMachine()
  const name = `${readToken(await getToken())} (keyless)`
  const http = { retry: RETRIES, timeout: timeoutMs }
  const identityProvider = { getToken }
  const parts = (): BundleBuilderOptions => ({
    // one key for each signature
    signer: new FulcioSigner({
      ...http,
      identityProvider,
      ...(fulcioUrl !== undefined && { fulcioBaseURL: fulcioUrl }),
    }),
    witnesses: [new RekorWitness({ ...http, ...(rekorUrl !== undefined && { rekorBaseURL: rekorUrl }) })],
  })
  return {
    name,
    signBytes: (payload) =>
      serialize(new MessageSignatureBundleBuilder(parts()).create({ data: Buffer.from(payload) })),
    signEnvelope: (payloadType, payload) =>
      serialize(new DSSEBundleBuilder(parts()).create({ data: Buffer.from(payload), type: payloadType })),
  }
}

async function serialize(making: Promise<Bundle>): Promise<SerializedBundle> {
  try {
    return bundleToJSON(await making)
  } catch (cause) {
    throw toSigningError(cause)
  }
}

function toSigningError(cause: unknown): SigningError {
  const { code, message } = cause instanceof Error ? (cause as Error & { readonly code?: unknown }) : {}
  // The library repeats the token where it cannot read it: neither text nor cause may be shown.
  if (code === 'IDENTITY_TOKEN_PARSE_ERROR') return noToken('a token that is no JSON web token')
  if (code === 'IDENTITY_TOKEN_READ_ERROR') return noToken('none')
  const who = code === 'CA_CREATE_SIGNING_CERTIFICATE_ERROR' ? 'a certificate from Fulcio' : 'an entry in Rekor'
  const inner = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : ''
  return new SigningError('SERVICE', `expected ${who}, got ${message ?? 'an error'}${inner}`, cause)
}

async function askMachine(): Promise<string> {
  try {
    return await new CIContextProvider(AUDIENCE).getToken()
  } catch {
    throw noToken('none: in GitHub Actions the job needs `permissions: id-token: write`')
  }
}

/** The subject of the token, as Fulcio will write it in the certificate. The token itself is never part of an error. */
function readToken(token: string): string {
  const claims = parseClaims(token)
  const { exp, email, sub, job_workflow_ref: workflow } = claims
  if (typeof exp === 'number' && exp * 1000 < Date.now() + MIN_LIFETIME_MS)
    throw noToken(`one that ended at ${new Date(exp * 1000).toISOString()}`)
  if (typeof workflow === 'string') return `https://github.com/${workflow}`
  if (typeof email === 'string') return email
  if (typeof sub === 'string') return sub
  throw noToken('one without a subject')
}

function parseClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (typeof claims === 'object' && claims !== null) return claims as Readonly<Record<string, unknown>>
  } catch {
    // said below, without the token that JSON.parse would repeat
  }
  throw noToken('one that is no JSON web token')
}

function noToken(got: string): SigningError {
  return new SigningError('TOKEN', `expected an OpenID token of this machine (or SIGSTORE_ID_TOKEN), got ${got}`)
}
