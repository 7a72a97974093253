import { describe, expect, it } from 'vitest'
import { distinctMachines, parseNodes } from './addresses.ts'

describe('parseNodes', () => {
  it.each<[string, readonly string[]]>([
    ['192.0.2.11, 192.0.2.12,192.0.2.11', ['192.0.2.11', '192.0.2.12']],
    ['worker-1.example,Worker-1.Example.', ['worker-1.example']],
    ['2001:db8::1,[2001:DB8:0:0::1],2001:db8:0:0:0:0:0:1,2001:db8::2', ['2001:db8::1', '2001:db8::2']],
    ['[2001:db8::1],2001:db8::1', ['[2001:db8::1]']],
    ['::ffff:192.0.2.11,::ffff:c000:20b', ['::ffff:192.0.2.11']],
  ])('takes each of %s once', (text, nodes) => {
    expect(parseNodes(text)).toEqual(nodes)
  })

  it.each<[string, RegExp]>([
    ['192.0.2.11:50000', /without a port, got "192\.0\.2\.11:50000"/],
    ['[2001:db8::1]:50000', /without a port/],
    ['worker-1:50000', /without a port/],
    ['--talosconfig', /expected addresses or names, got "--talosconfig"/],
    ['a,,b', /expected addresses or names, got ""/],
    ['fe80::1%eth0', /expected addresses or names/],
    [Array.from({ length: 1001 }, (_, at) => `n${at}`).join(','), /at most 1000 nodes/],
  ])('refuses %s', (text, reason) => {
    expect(() => parseNodes(text)).toThrow(reason)
  })
})

describe('distinctMachines', () => {
  const start = { path: 'addresses.json' }
  const node = (address: string, hostname: string | undefined, ...own: readonly string[]) => ({
    address,
    start,
    hasServiceTable: false,
    unmet: [],
    ...(hostname !== undefined && { hostname }),
    addresses: own.map((text) => ({ link: 'eth0', address: text, at: start })),
  })
  const distinct = (...nodes: readonly ReturnType<typeof node>[]): readonly string[] => {
    const said: string[] = []
    const kept = distinctMachines(nodes, (text) => said.push(text)).map(({ address }) => address)
    return [...kept, ...said]
  }

  it('judges a node of two names once, and says so', () => {
    const own = ['127.0.0.1/8', '192.0.2.11/24', '2001:db8::1/64']
    expect(distinct(node('192.0.2.11', 'w', ...own), node('worker-1', 'w', ...own.toReversed()))).toEqual([
      '192.0.2.11',
      'worker-1 is the same node as 192.0.2.11, w with 192.0.2.11/24 on eth0, 2001:db8::1/64 on eth0: it is judged once, as 192.0.2.11',
    ])
  })

  it.each([
    ['with another hostname', node('a', 'w1', '192.0.2.11/24'), node('b', 'w2', '192.0.2.11/24')],
    ['with another address', node('a', 'w', '192.0.2.11/24'), node('b', 'w', '192.0.2.12/24')],
    [
      'with addresses that all have',
      node('a', 'w', '127.0.0.1/8', 'fe80::1/64'),
      node('b', 'w', '127.0.0.1/8', 'fe80::1/64'),
    ],
    ['that does not say its name', node('a', undefined, '192.0.2.11/24'), node('b', undefined, '192.0.2.11/24')],
  ])('keeps a node %s', (_, one, two) => {
    expect(distinct(one, two)).toEqual(['a', 'b'])
  })
})
