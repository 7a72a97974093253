import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCovered, overlaps, parseSubnet, without, type Subnet } from './subnet.ts'

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text)
  if (parsed === undefined) throw new Error(`no subnet: ${text}`)
  return parsed
}

describe('parseSubnet', () => {
  it.each([
    ['10.96.0.0/12', '10.96.0.0/12', true],
    ['10.96.1.2/12', '10.96.0.0/12', false],
    ['0.0.0.0/0', '0.0.0.0/0', true],
    ['192.0.2.7', '192.0.2.7/32', false],
    ['192.0.2.7/32', '192.0.2.7/32', true],
    ['::/0', '::/0', true],
    ['::1', '::1/128', false],
    ['fdc7::/16', 'fdc7::/16', true],
    ['fdc7::1/16', 'fdc7::/16', false],
    ['fdc7:0:0:0:0:1::/96', 'fdc7::1:0:0/96', true],
  ])('reads %s', (text, cidr, isPrefix) => {
    expect(parseSubnet(text)).toMatchObject({ cidr, isPrefix })
  })

  it.each([
    '',
    '10.96.0.0/33',
    '10.96.0/12',
    '10.96.0.0/',
    '10.96.0.0/-1',
    '10.96.0.0/08',
    '010.96.0.0/12',
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
    ['::ffff:10.244.0.0/112', ['::ffff:af4:0/112'], true],
    ['::ffff:10.244.0.0/112', ['10.0.0.0/8'], false],
    ['0.0.0.0/0', ['0.0.0.0/1', '128.0.0.0/1'], true],
  ])('%s by %j: %s', (one, others, expected) => {
    expect(isCovered(subnet(one), others.map(subnet))).toBe(expected)
  })
})

describe('without', () => {
  const left = (one: string, ...others: readonly string[]) =>
    without(subnet(one), others.map(subnet)).map((each) => each.cidr)

  it.each([
    ['100.64.0.0/10', ['100.64.0.0/11'], ['100.96.0.0/11']],
    ['100.64.0.0/10', ['0.0.0.0/0'], []],
    ['100.64.0.0/10', ['100.64.0.0/11', '100.96.0.0/11'], []],
    ['100.64.0.0/10', ['10.0.0.0/8'], ['100.64.0.0/10']],
    ['100.64.0.0/10', ['::/0'], ['100.64.0.0/10']],
    ['::/0', ['8000::/1', '::/1'], []],
  ])('of %s takes %j', (one, others, expected) => {
    expect(left(one, ...others)).toEqual(expected)
  })
})
