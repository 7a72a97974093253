// Secrets in an address: the password before its host, and parameters of its query.
import { isReference, isSecretName } from './names.ts'
import { isPlaceholder } from './shapes.ts'

/** As net/url of Go splits it: what is before the last `@` of the authority is the user's. */
const AUTHORITY = /^[a-z][a-z0-9+.-]{0,20}:\/\/([^/?#]{0,4096})/i
/** Parameters that let in, beside those whose name says so: Talos' own, and of addresses that are signed. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'jointoken',
  'code',
  'sig',
  'signature',
  'x-amz-signature',
  'x-goog-signature',
])

/** The name of what is secret in an address, `a password` or that of a parameter; undefined for nothing. */
export function secretInAddress(text: string): string | undefined {
  const [, authority = ''] = AUTHORITY.exec(text) ?? []
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')))
  const colon = user.indexOf(':')
  if (colon >= 0 && isValue(user.slice(colon + 1))) return 'a password'
  const [before = ''] = text.split('#', 1)
  const query = before.indexOf('?')
  if (query < 0) return undefined
  for (const [name, value] of new URLSearchParams(before.slice(query + 1)))
    if ((PARAMETERS.has(name.toLowerCase()) || isSecretName(name)) && isValue(value)) return name
  return undefined
}

function isValue(text: string): boolean {
  return !isReference(text) && !isPlaceholder(text)
}
