// Arithmetic of IPv4 and IPv6 subnets: a subnet is the range of its addresses.
import { isIPv4, isIPv6 } from 'node:net'

export type Subnet = {
  readonly text: string
  readonly family: 4 | 6
  readonly first: bigint
  /** Inclusive. */
  readonly last: bigint
}

const BITS = { 4: 32, 6: 128 } as const

/** `10.96.0.0/12`, `fdc7::/16`, or an address alone; undefined for anything else. Host bits are left out. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined
  if (family === undefined) return undefined
  const bits = BITS[family]
  const length = slash < 0 ? String(bits) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined
  const size = 1n << BigInt(bits - Number(length))
  const value = family === 4 ? fromIPv4(address) : fromIPv6(address)
  const first = (value / size) * size
  return { text, family, first, last: first + size - 1n }
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last
}

/** The parts of both; undefined where they have none. */
export function intersect(one: Subnet, other: Subnet): Subnet | undefined {
  if (!overlaps(one, other)) return undefined
  return one.last - one.first <= other.last - other.first ? one : other
}

/** Whether each address of `subnet` is in one of `subnets`, two halves of it counting as a whole. */
export function isCovered(subnet: Subnet, subnets: readonly Subnet[]): boolean {
  const sorted = subnets
    .filter((one) => overlaps(one, subnet))
    .toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  let next = subnet.first
  for (const { first, last } of sorted) {
    if (first > next) return false
    if (last >= next) next = last + 1n
  }
  return next > subnet.last
}

function fromIPv4(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n)
}

/** Of an address that node:net takes for one. */
function fromIPv6(address: string): bigint {
  const [head = '', tail] = address.split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const between = Array<bigint>(8 - before.length - after.length).fill(0n)
  return [...before, ...between, ...after].reduce((value, group) => value * 65_536n + group, 0n)
}

function groupsOf(text: string): readonly bigint[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const value = fromIPv4(group)
    return [value >> 16n, value & 0xffffn]
  })
}
