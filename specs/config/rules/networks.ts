// Networks that tailscale would take over: it drops what comes from 100.64.0.0/10 on another device, and its own
// address is in there too (tailscale/tailscale#12829; siderolabs/extensions#626, #1091).
import type { Placed } from '#harness/machine-config/facts.ts'
import { isTemplate, placeOfAbsence, TAILSCALE_ADDRESSES, type ConfigJudge } from '../rule.ts'
import { intersect, isCovered, overlaps, parseSubnet, type Subnet } from '../subnet.ts'

const TAILNET = parseSubnet(TAILSCALE_ADDRESSES) as Subnet

export const judgeNetworks: ConfigJudge = (facts, { contract }) => {
  const networks: readonly (readonly [name: string, subnets: readonly Placed[]])[] = [
    ['a pod subnet', facts.podSubnets],
    ['a service subnet', facts.serviceSubnets],
    ["the contract's join network", [{ value: contract.joinNetwork, at: placeOfAbsence(facts) }]],
  ]
  return networks.flatMap(([name, subnets]) =>
    subnets.flatMap(({ value, at }) => {
      const subnet = parseSubnet(value)
      if (subnet === undefined || !overlaps(subnet, TAILNET)) return []
      const message = `${name} is among the addresses of tailscale`
      return [{ at, message, expected: `a network outside ${TAILSCALE_ADDRESSES}`, got: value }]
    }),
  )
}

export const judgeNodeAddress: ConfigJudge = (facts) => {
  const { nodeAddressSubnets: listed } = facts
  const template = listed.find(({ value }) => isTemplate(value))
  if (template !== undefined)
    return [{ at: template.at, message: 'a subnet is named by a template', got: template.value, kind: 'unknown' }]
  const excluded = listed.flatMap(({ value }) => (value.startsWith('!') ? (parseSubnet(value.slice(1)) ?? []) : []))
  const taken = listed.filter(({ value }) => !value.startsWith('!'))
  const expected = `validSubnets with the subnet of the nodes and nothing of ${TAILSCALE_ADDRESSES}`
  const [negative] = listed
  if (taken.length === 0)
    return [
      {
        at: negative?.at ?? facts.nodeAddressAt ?? placeOfAbsence(facts),
        message: "the kubelet may take tailscale's address for the node's",
        expected,
        got: listed.map(({ value }) => value).join(', ') || 'none',
      },
    ]
  return taken.flatMap(({ value, at }) => {
    const subnet = parseSubnet(value)
    if (subnet === undefined) return [{ at, message: 'a subnet cannot be read', expected, got: value }]
    const both = intersect(subnet, TAILNET)
    if (both === undefined || isCovered(both, excluded)) return []
    return [{ at, message: "the kubelet may take tailscale's address for the node's", expected, got: value }]
  })
}
