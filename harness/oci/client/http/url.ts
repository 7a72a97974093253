// Addresses of registries: which host a reference means, what of a URL may be shown, which hosts are this machine.
import { isIP } from 'node:net'

/** Docker Hub's registry lives elsewhere than its name says. */
const DOCKER_HUB = 'docker.io'
const DOCKER_HUB_HOST = 'registry-1.docker.io'

/** The host, with its port, that serves `registry`. */
export function hostOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry
}

/**
 * A URL for errors: without user, password and fragment, and with every query value hidden, since a pre-signed URL is a
 * credential.
 */
export function redactUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())]
  const query = names.map((name) => `${encodeURIComponent(name)}=…`).join('&')
  return `${url.origin}${url.pathname}${query === '' ? '' : `?${query}`}`
}

/** True if a host of a URL or reference (brackets and port allowed) is this machine by its very name. */
export function isLoopback(host: string): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host.toLowerCase()) ?? []
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** True if an IP address is its link's own: clouds answer there with credentials, registries never. */
export function isLinkLocal(address: string): boolean {
  const plain = address.toLowerCase().replace(/^\[|\]$/g, '')
  if (isIP(plain) === 4) return plain.startsWith('169.254.')
  if (isIP(plain) !== 6) return false
  const words = ipv6Words(plain)
  const isMapped = words.slice(0, 5).every((word) => word === 0) && (words[5] === 0xffff || words[5] === 0)
  return isMapped ? words[6] === 0xa9fe : ((words[0] ?? 0) & 0xffc0) === 0xfe80
}

/**
 * True if an IP address is this machine's or its link's own: loopback, unspecified, link-local (where clouds answer with
 * credentials). A registry elsewhere has no business to send anybody there.
 */
export function isLocalAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^\[|\]$/g, '')
  if (isIP(plain) === 4) return /^(?:127\.|0\.|169\.254\.)/.test(plain)
  if (isIP(plain) !== 6) return false
  const bytes = ipv6Words(plain)
  const high = bytes.slice(0, 5).every((word) => word === 0)
  if (high && (bytes[5] === 0xffff || bytes[5] === 0)) {
    // ::ffff:a.b.c.d and ::a.b.c.d (with :: and ::1 among them) are IPv4 in other clothes.
    const [first = 0, second = 0] = [(bytes[6] ?? 0) >> 8, (bytes[6] ?? 0) & 0xff]
    return first === 0 || first === 127 || (first === 169 && second === 254)
  }
  return ((bytes[0] ?? 0) & 0xffc0) === 0xfe80
}

/** The eight words of a valid IPv6 address, written by the URL parser so that `::` and dotted ends are normalised. */
function ipv6Words(address: string): readonly number[] {
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16))
  const before = words(head)
  const after = tail === undefined ? [] : words(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}
