// URLs as Go's net/url accepts them: url.Parse (go1.25 net/url/url.go).

const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]*$/

export type GoUrl = {
  readonly scheme: string
  /** The host with its port. */
  readonly host: string
  readonly hostname: string
  readonly port: string
  readonly path: string
  readonly query: string
  readonly user: string | undefined
  /** The text behind a scheme without a slash. */
  readonly opaque: string
}

/** Parses a URL as Go does; undefined for a text that url.Parse refuses. */
export function parseGoUrl(text: string): GoUrl | undefined {
  // oxlint-disable-next-line no-control-regex -- what Go refuses
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const [beforeFragment = '', ...fragment] = text.split('#')
  if (!isEscaped(fragment.join('#'))) return undefined
  const parts = splitScheme(beforeFragment)
  if (parts === undefined) return undefined
  const { scheme } = parts
  const mark = parts.rest.indexOf('?')
  const query = mark < 0 ? '' : parts.rest.slice(mark + 1)
  let rest = mark < 0 ? parts.rest : parts.rest.slice(0, mark)
  const none = { scheme, host: '', hostname: '', port: '', query, user: undefined, opaque: '' }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...none, path: '', opaque: rest }
    if (rest.split('/')[0]?.includes(':') === true) return undefined
  }
  if ((scheme === '' && rest.startsWith('///')) || !rest.startsWith('//'))
    return isEscaped(rest) ? { ...none, path: rest } : undefined
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  rest = slash < 0 ? '' : rest.slice(slash)
  const host = readHost(authority)
  return host === undefined || !isEscaped(rest) ? undefined : { scheme, query, path: rest, opaque: '', ...host }
}

function splitScheme(text: string): { readonly scheme: string; readonly rest: string } | undefined {
  const colon = text.indexOf(':')
  if (colon === 0) return undefined
  const scheme = text.slice(0, Math.max(colon, 0))
  return colon > 0 && SCHEME.test(scheme)
    ? { scheme: scheme.toLowerCase(), rest: text.slice(colon + 1) }
    : { scheme: '', rest: text }
}

function readHost(authority: string): Pick<GoUrl, 'host' | 'hostname' | 'port' | 'user'> | undefined {
  const at = authority.lastIndexOf('@')
  const user = at < 0 ? undefined : authority.slice(0, at)
  if (user !== undefined && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return undefined
  if (user !== undefined && !isEscaped(user)) return undefined
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']')
    const port = host.slice(end + 1)
    if (end < 0 || !/^(:[0-9]*)?$/.test(port)) return undefined
    return { host, hostname: host.slice(1, end), port: port.slice(1), user }
  }
  const colon = host.lastIndexOf(':')
  const hostname = colon < 0 ? host : host.slice(0, colon)
  const port = colon < 0 ? '' : host.slice(colon + 1)
  if (!/^[0-9]*$/.test(port)) return undefined
  // In a host only characters above ASCII may be escaped, and few may be written as they are.
  if (/[ "<>\\^`{|}\]]/.test(host.replaceAll(/[<>"]/g, '')) || /%(?![89a-fA-F][0-9a-fA-F])/.test(host)) return undefined
  return { host, hostname, port, user }
}

function isEscaped(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text)
}
