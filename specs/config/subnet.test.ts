import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intersect, isCovered, overlaps, parseSubnet, type Subnet } from './subnet.ts'

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text)
  if (parsed === undefined) throw new Error(`no subnet: ${text}`)
  return parsed
}

describe('parseSubnet', () => {
  it.each([
    ['10.96.0.0/12', 0x0a60_0000n, 0x0a6f_ffffn],
    ['10.96.1.2/12', 0x0a60_0000n, 0x0a6f_ffffn],
    ['0.0.0.0/0', 0n, 0xffff_ffffn],
    ['192.0.2.7', 0xc000_0207n, 0xc000_0207n],
    ['::/0', 0n, (1n << 128n) - 1n],
    ['::1', 1n, 1n],
    ['fdc7::/16', 0xfdc7n << 112n, (0xfdc8n << 112n) - 1n],
    ['1:2:3:4:5:6:7::', 0x1_0002_0003_0004_0005_0006_0007_0000n, 0x1_0002_0003_0004_0005_0006_0007_0000n],
    ['::ffff:192.0.2.1/128', 0xffff_c000_0201n, 0xffff_c000_0201n],
  ])('reads %s', (text, first, last) => {
    expect(parseSubnet(text)).toMatchObject({ first, last })
  })

  it.each([
    '',
    '10.96.0.0/33',
    '10.96.0/12',
    '10.96.0.0/',
    '10.96.0.0/-1',
    '10.96.0.0/12/12',
    '::/129',
    'fe80::1%eth0',
    '10.96.0.0 /12',
    ' 10.0.0.0/8',
  ])('knows that %j is none', (text) => {
    expect(parseSubnet(text)).toBeUndefined()
  })

  it('agrees with node:net about membership', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(address, fc.nat(128), address, (base, length, probe) => {
        const one = base.includes(':') ? 'ipv6' : 'ipv4'
        const prefix = Math.min(length, one === 'ipv6' ? 128 : 32)
        const list = new BlockList()
        list.addSubnet(base, prefix, one)
        const other = probe.includes(':') ? 'ipv6' : 'ipv4'
        // node:net takes ::ffff:0:0/96 for IPv4; Talos and Tailscale do not.
        fc.pre(one === other)
        expect(overlaps(subnet(`${base}/${prefix}`), subnet(probe))).toBe(list.check(probe, other))
      }),
    )
  })
})

describe('isCovered', () => {
  it.each([
    ['10.96.0.0/12', ['10.96.0.0/12'], true],
    ['10.96.0.0/12', ['10.0.0.0/8'], true],
    ['10.96.0.0/12', ['10.104.0.0/13', '10.96.0.0/13'], true],
    ['10.96.0.0/12', ['10.96.0.0/13', '10.96.0.0/16', '10.104.0.0/13'], true],
    ['10.96.0.0/12', ['10.96.0.0/16'], false],
    ['10.96.0.0/12', ['10.96.0.0/13', '10.105.0.0/16'], false],
    ['10.96.0.0/12', ['10.97.0.0/16', '10.98.0.0/15', '10.100.0.0/14', '10.104.0.0/13'], false],
    ['10.96.0.0/12', [], false],
    ['10.96.0.0/12', ['::/0'], false],
    ['fd00::/8', ['fd00::/9', 'fd80::/9'], true],
  ])('%s by %j: %s', (one, others, expected) => {
    expect(isCovered(subnet(one), others.map(subnet))).toBe(expected)
  })
})

describe('intersect', () => {
  it('is the smaller of two that share addresses', () => {
    expect(intersect(subnet('0.0.0.0/0'), subnet('100.64.0.0/10'))?.text).toBe('100.64.0.0/10')
    expect(intersect(subnet('100.64.0.0/10'), subnet('100.127.255.255'))?.text).toBe('100.127.255.255')
  })

  it.each(['100.63.255.255', '100.128.0.0', '::/0'])('is nothing with %s', (text) => {
    expect(intersect(subnet('100.64.0.0/10'), subnet(text))).toBeUndefined()
  })
})
