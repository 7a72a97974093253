import { describe, expect, it } from 'vitest'
import { machineConfigFacts } from './facts.ts'
import { parseMachineConfig } from './document.ts'

const facts = (text: string) => machineConfigFacts(parseMachineConfig([{ path: 'c.yaml', bytes: Buffer.from(text) }]))

describe('addressFacts', () => {
  it('reads what etcd advertises, and the place of the field', () => {
    const { addresses } = facts("machine: {}\ncluster:\n  etcd:\n    advertisedSubnets: [10.0.0.0/8, '!10.1.0.0/16']\n")
    expect(addresses.etcdSubnets.map(({ value }) => value)).toEqual(['10.0.0.0/8', '!10.1.0.0/16'])
    expect(addresses.etcdAt).toMatchObject({ line: 3, column: 3 })
    expect(facts('cluster: {}\n').addresses).toMatchObject({ etcdSubnets: [], etcdAt: { line: 1, column: 1 } })
    expect(facts('machine: {}\n').addresses).toEqual({ etcdSubnets: [], linkAddresses: [] })
  })

  it('reads the addresses of links, old and new, but not those that nodes share', () => {
    const old = `machine:
  network:
    interfaces:
      - {interface: eth0, addresses: [192.0.2.1/24], vlans: [{vlanId: 2, addresses: [192.0.2.65/26]}]}
      - {interface: eth1, cidr: 198.51.100.1/24}
      - {interface: lo, addresses: [203.0.113.1/32]}
      - {interface: any, dummy: true, addresses: [203.0.113.2/32]}
`
    const links = `---
apiVersion: v1alpha1
kind: LinkConfig
name: eth2
addresses: [{address: 192.0.2.130/25}]
---
apiVersion: v1alpha1
kind: LinkConfig
name: lo
addresses: [{address: 203.0.113.3/32}]
`
    expect(facts(`${old}${links}`).addresses.linkAddresses.map(({ value }) => value)).toEqual([
      '192.0.2.1/24',
      '192.0.2.65/26',
      '198.51.100.1/24',
      '192.0.2.130/25',
    ])
  })

  it('takes the older field where the newer is not there', () => {
    const read = (etcd: string) => facts(`cluster: {etcd: ${etcd}}\n`).addresses.etcdSubnets.map(({ value }) => value)
    expect(read('{subnet: 10.0.0.0/8}')).toEqual(['10.0.0.0/8'])
    expect(read('{subnet: 10.0.0.0/8, advertisedSubnets: [11.0.0.0/8]}')).toEqual(['11.0.0.0/8'])
  })

  it.each([
    'machine: {kubelet: {extraArgs: {node-ip: 192.0.2.7}}}\n',
    'apiVersion: v1alpha1\nkind: KubeletConfig\nextraArgs: {node-ip: 192.0.2.7}\n',
  ])('knows that an argument names the address: %j', (text) => {
    expect(facts(text).addresses.nodeIpArgument).toBeDefined()
  })

  it.each([
    ['controlplane', true],
    ['init', true],
    ['worker', false],
    ['""', false],
  ])('knows what a machine of type %s is', (type, expected) => {
    expect(facts(`machine: {type: ${type}}\n`).isControlPlane).toBe(expected)
  })

  it('takes what has another shape for absent', () => {
    const text = 'machine: {kubelet: {extraArgs: [a]}}\ncluster: {etcd: [{subnet: 10.0.0.0/8}]}\n'
    expect(facts(text).addresses).toMatchObject({ etcdSubnets: [] })
  })
})
