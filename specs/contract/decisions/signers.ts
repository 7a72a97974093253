// Signers whose signatures count, as a contract says them: an identity with its issuer, a pattern of identities, or a public key.
import { z } from 'zod'

/** A pattern is held against the whole subject: nothing of an identity is left to a prefix. */
const pattern = z
  .string()
  .refine(isPattern, 'expected a regular expression')
  .refine(
    (text) => !admitsAnybody(text),
    'expected a pattern that names whose identity counts, got one that admits others',
  )

const publicKey = z
  .string()
  .regex(/^-----BEGIN PUBLIC KEY-----\n[\s\S]+-----END PUBLIC KEY-----\n?$/, 'expected a public key in PEM')

/** A signer whose signature counts: an identity that an OpenID provider vouched for, or a key. */
export const signerSchema = z.union(
  [
    z.strictObject({ issuer: z.url('expected a URL'), subject: z.string().min(1) }),
    z.strictObject({ issuer: z.url('expected a URL'), subjectPattern: pattern }),
    z.strictObject({ publicKey }),
  ],
  'expected issuer with subject or subjectPattern, or publicKey',
)

/** Made-up identities, one of each kind that an OpenID provider vouches for. */
export const ANYBODY = [
  'x',
  'someone@example.net',
  'someone@example.iam.gserviceaccount.com',
  'https://github.com/someone/else/.github/workflows/build.yaml@refs/heads/main',
  'https://gitlab.com/someone/else//.gitlab-ci.yml@refs/heads/main',
  'https://kubernetes.io/namespaces/default/serviceaccounts/default',
  'spiffe://example.net/someone',
]

/** True if a pattern, held against whole subjects, admits identities that it cannot mean. */
function admitsAnybody(text: string): boolean {
  if (!isPattern(text)) return false
  const whole = new RegExp(`^(?:${text})$`, 'u')
  return ANYBODY.some((subject) => whole.test(subject))
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== ''
  } catch {
    return false
  }
}
