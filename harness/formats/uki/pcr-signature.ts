// `.pcrsig` and `.pcrpkey` of a signed UKI: what lets a TPM release a secret to this kernel, initramfs and command line
// alone (systemd-pcrlock(8), systemd-stub(7); siderolabs/talos internal/pkg/measure, internal/pkg/secureboot/tpm2).
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { FormatError, type Location } from '../../errors.ts'
import { BANKS, PCR, type Bank, type Policies } from './measurement.ts'

export type PcrKey = {
  readonly key: KeyObject
  /** The text that Go writes for this key. */
  readonly pem: string
  /** sha256 of the key in PKCS#1, hex digits. */
  readonly fingerprint: string
}

/** FormatError `pcrpkey` MALFORMED for what is no RSA public key in PEM. */
export function readPcrKey(text: string, at: Location): PcrKey {
  const key = parseKey(text, at)
  const fingerprint = createHash('sha256')
    .update(key.export({ type: 'pkcs1', format: 'der' }))
    .digest('hex')
  return { key, pem: key.export({ type: 'spki', format: 'pem' }).toString(), fingerprint }
}

function parseKey(text: string, at: Location): KeyObject {
  const isPublic = text.startsWith('-----BEGIN PUBLIC KEY-----\n')
  try {
    const key = isPublic ? createPublicKey(text) : undefined
    if (key?.asymmetricKeyType === 'rsa') return key
  } catch (cause) {
    throw new FormatError('pcrpkey', 'MALFORMED', 'expected an RSA public key in PEM, got other text', { at, cause })
  }
  throw new FormatError('pcrpkey', 'MALFORMED', 'expected an RSA public key in PEM, got another', { at })
}

export type PcrSignature = {
  /** The text that Go writes for these policies, this key and the signatures of `text`. */
  readonly canonical: string
  /** Banks whose signature is not the key's over its policy. */
  readonly unsigned: readonly Bank[]
}

/**
 * The text that `.pcrsig` must be. Only its signatures are read of `text`; FormatError `pcrsig` MALFORMED where there
 * are none.
 */
export function checkPcrSignature(
  text: string,
  policies: Policies,
  { key, fingerprint }: PcrKey,
  at: Location,
): PcrSignature {
  const signatures = BANKS.map(([bank]) => [bank, readSignature(text, bank, at)] as const)
  const entries = signatures.map(([bank, signature]) => [
    bank,
    [{ pcrs: [PCR], pkfp: fingerprint, pol: policies[bank], sig: signature.toString('base64') }],
  ])
  return {
    canonical: JSON.stringify(Object.fromEntries(entries)),
    unsigned: signatures.flatMap(([bank, signature]) =>
      verify(bank, Buffer.from(policies[bank], 'hex'), key, signature) ? [] : [bank],
    ),
  }
}

function readSignature(text: string, bank: Bank, at: Location): Buffer {
  const signature = signaturesOf(text, at)[bank]?.[0]?.sig
  if (typeof signature === 'string') return Buffer.from(signature, 'base64')
  throw new FormatError('pcrsig', 'MALFORMED', `expected a signature of the bank ${bank}, got none`, { at })
}

type Banks = Readonly<Partial<Record<string, readonly [{ readonly sig?: unknown }?]>>>

function signaturesOf(text: string, at: Location): Banks {
  try {
    return (JSON.parse(text) ?? {}) as Banks
  } catch (cause) {
    throw new FormatError('pcrsig', 'MALFORMED', 'expected a JSON document, got other text', { at, cause })
  }
}
