// The signer that a rule of ImageVerificationConfig asks for, against those of the contract: cosignCheckOptsFromRule of
// siderolabs/talos v1.13.9 internal/pkg/containers/image/verify/verify.go.
import { createPublicKey } from 'node:crypto'
import type { ImageRule, KeylessVerifier } from '#harness/machine-config/node-facts.ts'
import type { Contract } from '../../contract/contract.ts'
import { ANYBODY } from '../../contract/decisions/signers.ts'
import { isUnknown, type ConfigFinding } from '../../support/config-rule.ts'
import { matchesPattern, simplePattern } from './simple-pattern.ts'

type Signer = Contract['signing']['signers'][number]
type Identity = Exclude<Signer, { readonly publicKey: string }>
type Key = Extract<Signer, { readonly publicKey: string }>

/** Longer than an identity is; a contract's own pattern is held against no more. */
const MAX_SUBJECT = 2048

/** Findings where a rule with a verifier takes an image by another signer; none where the contract names no signer. */
export function judgeVerifier(rule: ImageRule, signers: readonly Signer[]): readonly ConfigFinding[] {
  if (signers.length === 0) return []
  const { keyless, key } = rule
  if (keyless !== undefined) return judgeIdentity(keyless, signers)
  if (key === undefined || isUnknown(key.value)) return []
  const own = signers.filter(isKey).map(({ publicKey }) => toDer(publicKey))
  const given = toDer(key.value)
  if (given !== undefined && own.includes(given)) return []
  return [
    {
      at: key.at,
      message: given === undefined ? 'the rule has no public key' : 'the image of this node is taken by another key',
      expected: describe(signers),
    },
  ]
}

function judgeIdentity(keyless: KeylessVerifier, signers: readonly Signer[]): readonly ConfigFinding[] {
  const { issuer, subject, subjectRegex, at } = keyless
  if ([issuer, subject, subjectRegex].some((text) => text !== undefined && isUnknown(text.value))) return []
  const message = 'the image of this node is taken by another signer'
  const ofIssuer = signers.filter((one): one is Identity => !isKey(one) && one.issuer === issuer?.value)
  if (ofIssuer.length === 0)
    return [{ at: issuer?.at ?? at, message, expected: describe(signers), got: issuer?.value ?? 'no issuer' }]
  const given = subjectRegex ?? subject
  const got = given?.value ?? 'no subject'
  const place = given?.at ?? at
  if (takesAnybody(keyless))
    return [
      {
        at: place,
        message: 'the image of this node is taken by anybody’s signature',
        expected: describe(signers),
        got,
      },
    ]
  const answers = ofIssuer.map((signer) => takes(keyless, signer))
  if (answers.includes(true)) return []
  if (answers.includes(undefined))
    return [
      {
        at: place,
        message: 'whether this expression takes a signer of the contract is not told here',
        got,
        kind: 'note',
      },
    ]
  return [{ at: place, message, expected: describe(signers), got }]
}

/** True if the identity of a signer is taken; undefined where expressions cannot be compared. */
function takes({ subject, subjectRegex }: KeylessVerifier, signer: Identity): boolean | undefined {
  const exact = subject?.value ?? ''
  const expression = subjectRegex?.value ?? ''
  if ('subject' in signer) {
    if (exact !== '' && exact !== signer.subject) return false
    return expression === '' ? exact !== '' : matches(expression, signer.subject)
  }
  const isOwn =
    exact === '' || (exact.length <= MAX_SUBJECT && new RegExp(`^(?:${signer.subjectPattern})$`, 'u').test(exact))
  if (!isOwn) return false
  if (expression === '') return exact !== ''
  if (withoutAnchors(expression) === withoutAnchors(signer.subjectPattern)) return true
  return exact === '' ? undefined : matches(expression, exact)
}

function takesAnybody({ subject, subjectRegex }: KeylessVerifier): boolean {
  const expression = subjectRegex?.value ?? ''
  if ((subject?.value ?? '') !== '' || expression === '') return false
  return ANYBODY.some((identity) => matches(expression, identity) === true)
}

/** Go looks for an expression anywhere in the text. Undefined for an expression that simplePattern does not read. */
function matches(expression: string, text: string): boolean | undefined {
  const pattern = simplePattern(withoutGroup(expression))
  return pattern === undefined ? undefined : matchesPattern(pattern, text)
}

/** `^(?:a)$` → `^a$`, where nothing inside is a group. */
function withoutGroup(expression: string): string {
  const [, inner] = /^\^\(\?:([^()|]*)\)\$$/.exec(expression) ?? []
  return inner === undefined ? expression : `^${inner}$`
}

function withoutAnchors(expression: string): string {
  const bare = expression.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  return bare.startsWith('(?:') && bare.endsWith(')') ? bare.slice(3, -1) : bare
}

function isKey(signer: Signer): signer is Key {
  return 'publicKey' in signer
}

/** A key or a certificate in PEM as SubjectPublicKeyInfo in base64; undefined for what is neither. */
function toDer(pem: string): string | undefined {
  try {
    return createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64')
  } catch {
    return undefined
  }
}

function describe(signers: readonly Signer[]): string {
  const texts = signers.map((signer) => {
    if (isKey(signer)) return 'publicKey.certificate with the key of the contract'
    return `${'subject' in signer ? signer.subject : signer.subjectPattern} of ${signer.issuer}`
  })
  return texts.join(', or ')
}
