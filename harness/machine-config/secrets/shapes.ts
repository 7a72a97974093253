// Texts that nothing but a secret looks like, wherever they are.

const SHAPES: readonly (readonly [field: string, shape: RegExp])[] = [
  ['a Tailscale key', /tskey-[A-Za-z0-9-]{8,128}/g],
  ['a GitHub token', /gh[opsur]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}/g],
  ['a GitLab token', /glpat-[A-Za-z0-9_-]{20,64}/g],
  ['an AWS access key', /(?<![A-Z0-9])AKIA[A-Z0-9]{16}(?![A-Z0-9])/g],
  ['a Slack token', /xox[abprs]-[A-Za-z0-9-]{10,128}/g],
  ['an age key', /AGE-SECRET-KEY-1[0-9A-Z]{20,80}/g],
  ['a JSON web token', /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,2048}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,1024}/g],
  ['a password in a URL', /[a-z][a-z0-9+.-]{0,20}:\/\/[^/\s:@'"]{1,128}:(?![$<{])[^@/\s'"]{1,128}@/g],
  [
    'a token in a URL',
    /[?&](?:join_?token|access_?token|auth_?token|id_?token|api_?key|token|secret|password|passwd)=(?![$<{*])[^&\s'"#]{4,512}/gi,
  ],
  [
    'a token in a header',
    /\bauthorization["']?[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4}(?![$<{*])[^\s'"]{8,512}/gi,
  ],
]
const PLACEHOLDER = /placeholder|example|replace|change|redacted|x{6}|\*{3}|\.{3}/i
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/
/** A PEM file in base64 begins so. */
const PEM_BASE64 = /^LS0tLS1CRUdJTi/

/** The kinds of secrets in a line, each once, with the column that it begins at, from 1. */
export function shapesIn(line: string): readonly { readonly field: string; readonly column: number }[] {
  return SHAPES.flatMap(([field, shape]) => {
    const match = line.matchAll(shape).find(([token]) => !PLACEHOLDER.test(token))
    return match === undefined ? [] : [{ field, column: match.index + 1 }]
  })
}

/** True for a text that says itself that it stands for another one. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}

/** Recognises a private key in PEM, or in PEM in base64. */
export function isPrivateKey(text: string): boolean {
  // 64 characters hold the first line of a PEM file.
  const decoded = PEM_BASE64.test(text) ? Buffer.from(text.slice(0, 64), 'base64').toString('latin1') : text
  return PRIVATE_KEY.test(decoded)
}
