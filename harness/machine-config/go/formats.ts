// Texts that Go's packages parse: encoding/base64, encoding/hex, time, net/netip, github.com/dustin/go-humanize.
import { isIPv4, isIPv6 } from 'node:net'
import { parseGoUrl } from './url.ts'

/** base64.StdEncoding: padded, line ends ignored. Undefined for other text. */
export function decodeBase64(text: string): Buffer | undefined {
  const bare = text.replaceAll(/[\r\n]/g, '')
  if (bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return undefined
  return Buffer.from(bare, 'base64')
}

/** A whole number of bytes; undefined for what humanize.ParseBytes refuses. */
export function parseBytes(text: string): number | undefined {
  const match = /^([0-9.,]*)(.*)$/s.exec(text)
  const number = (match?.[1] ?? '').replaceAll(',', '')
  const factor = BYTE_UNITS.get((match?.[2] ?? '').trim().toLowerCase())
  if (factor === undefined || !/^([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(number)) return undefined
  const value = Number(number) * factor
  return value >= 2 ** 64 ? undefined : Math.floor(value)
}

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, at): (readonly [string, number])[] => [
    [`${letter}b`, 1000 ** (at + 1)],
    [letter, 1000 ** (at + 1)],
    [`${letter}ib`, 1024 ** (at + 1)],
    [`${letter}i`, 1024 ** (at + 1)],
  ]),
])

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** Nanoseconds; undefined for what time.ParseDuration refuses. */
export function parseDuration(text: string): number | undefined {
  const match = /^([-+]?)(.*)$/s.exec(text)
  const rest = match?.[2] ?? ''
  if (rest === '0') return 0
  if (!/^(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let sum = 0
  for (const [, number, unit] of rest.matchAll(/([0-9.]+)(ns|us|µs|μs|ms|s|m|h)/g))
    sum += Number(number) * (NANOSECONDS[unit ?? ''] ?? 0)
  if (sum > 2 ** 63) return undefined
  return match?.[1] === '-' ? -sum : sum
}

/** netip.ParseAddr. */
export function isAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.endsWith('%'))
}

/** netip.ParsePrefix: an address without a zone, and as many bits as it has at most. */
export function isPrefix(text: string): boolean {
  const slash = text.lastIndexOf('/')
  const address = text.slice(0, slash)
  if (slash < 0 || !isAddress(address) || address.includes('%')) return false
  const bits = text.slice(slash + 1)
  return /^(0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128)
}

/** netip.ParseAddrPort. */
export function isAddressPort(text: string): boolean {
  const match = /^(?:\[(.*)\]|([^[\]]*)):([0-9]+)$/s.exec(text)
  if (match === null) return false
  const [, bracketed, bare, port = ''] = match
  if (Number(port) > 65535) return false
  return bracketed === undefined ? isIPv4(bare ?? '') : isIPv6(bracketed)
}

/** net.ParseCIDR: as a prefix, but bits may have leading zeros. */
export function isCidr(text: string): boolean {
  const match = /^(.*)\/([0-9]+)$/s.exec(text)
  if (match === null) return false
  const [, address = '', bits = ''] = match
  return isIp(address) && Number(bits) <= (isIPv4(address) ? 32 : 128)
}

/** net.ParseIP: no zone. */
export function isIp(text: string): boolean {
  return isAddress(text) && !text.includes('%')
}

/** Hexadecimal digits with colons anywhere between them. */
export function isHardwareAddress(text: string): boolean {
  return /^([0-9a-fA-F]{2})*$/.test(text.replaceAll(':', ''))
}

export function isUrl(text: string): boolean {
  return parseGoUrl(text) !== undefined
}
