// The signer: a given key or the identity of this machine; and whether the contract trusts it.
import { readFile } from 'node:fs/promises'
import { openKeylessSigner } from '#build/signing/keyless-signer.ts'
import { keySigner } from '#build/signing/key-signer.ts'
import type { Signer } from '#build/signing/signer.ts'
import { matchesSigner } from '#harness/signing/signer.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { unreadable, UsageError } from '../judge/usage-error.ts'

type Environment = Readonly<Record<string, string | undefined>>
export type SignerOptions = { readonly key?: string; readonly sign: boolean }

/**
 * Opens the signer; undefined for --no-sign. UsageError where nothing says who signs; SigningError where they cannot.
 */
export async function openSigner(
  { key, sign }: SignerOptions,
  env: Environment = process.env,
): Promise<Signer | undefined> {
  if (!sign && key !== undefined) throw new UsageError('--key and --no-sign do not go together')
  if (!sign) return undefined
  if (key !== undefined) {
    const pem = await readFile(key, 'utf8').catch((cause: unknown) => {
      throw unreadable(`the key ${key}`, cause)
    })
    return keySigner(pem, env['COSIGN_PASSWORD'])
  }
  const token = env['SIGSTORE_ID_TOKEN']
  const inActions = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']]
  if (token === undefined && inActions.includes(undefined))
    throw new UsageError(
      'nothing says who signs: give --key FILE, an OpenID token (GitHub Actions with id-token: write, SIGSTORE_ID_TOKEN), or --no-sign',
    )
  return openKeylessSigner(token === undefined ? {} : { token })
}

/** Compares what is known before signing: the key, or the subject; the issuer is judged with the signature. */
export function isNamed({ name }: Signer, { signing }: Pick<Contract, 'signing'>): boolean {
  const key = /^key sha256:([0-9a-f]{64})$/.exec(name)?.[1]
  const subject = name.replace(/ \(keyless\)$/, '')
  return signing.signers.some((trusted) => {
    if (key !== undefined) return matchesSigner({ key }, trusted)
    return 'issuer' in trusted && matchesSigner({ issuer: trusted.issuer, subject }, trusted)
  })
}
