// Sets of IPv4 and IPv6 addresses, by cidr-tools; what a subnet looks like is Go's to say (net/netip ParsePrefix).
import { isIPv4, isIPv6 } from 'node:net'
import { containsCidr, excludeCidr, mergeCidr, normalizeCidr, overlapCidr } from 'cidr-tools'

export type Subnet = {
  readonly text: string
  readonly family: 4 | 6
  /** Address and length, the address the first of the subnet: `10.96.0.0/12`. */
  readonly cidr: string
  /**
   * True if a length is written, and the address is the first: what netip.ParsePrefix reads and Masked() leaves alone.
   */
  readonly isPrefix: boolean
}

const BITS = { 4: 32, 6: 128 } as const

/** `10.96.0.0/12`, `fdc7::/16`, or an address alone; undefined for anything else. Host bits are left out of `cidr`. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined
  if (family === undefined) return undefined
  const length = slash < 0 ? String(BITS[family]) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > BITS[family]) return undefined
  const cidr = normalizeCidr(`${address}/${length}`)
  const isFirst = normalizeCidr(`${address}/${BITS[family]}`) === `${cidr.slice(0, cidr.indexOf('/'))}/${BITS[family]}`
  return { text, family, cidr, isPrefix: slash >= 0 && isFirst }
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.family === other.family && overlapCidr(one.cidr, other.cidr)
}

/** True if each address of `subnet` is in one of `subnets`, two halves of it counting as a whole. */
export function isCovered(subnet: Subnet, subnets: readonly Subnet[]): boolean {
  const same = subnets.filter(({ family }) => family === subnet.family).map(({ cidr }) => cidr)
  return same.length > 0 && containsCidr(mergeCidr(same), subnet.cidr)
}

/** The parts of `subnet` that are in none of `subnets`. */
export function without(subnet: Subnet, subnets: readonly Subnet[]): readonly Subnet[] {
  const same = subnets.filter(({ family }) => family === subnet.family).map(({ cidr }) => cidr)
  const left = same.length === 0 ? [subnet.cidr] : excludeCidr(subnet.cidr, same)
  return left.flatMap((cidr) => parseSubnet(cidr) ?? [])
}
