// Networks of a cluster against one another and against a tailnet: tailscale drops what comes from its own addresses on
// another device (tailscale/tailscale#12829; siderolabs/extensions#626).
import type { Placed } from '#harness/machine-config/facts.ts'
import { TAILNETS, clusterSubnets } from '../addresses.ts'
import { placeOfAbsence, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { isCovered, overlaps, parseSubnet } from '../subnet.ts'

type Network = { readonly name: string; readonly subnets: readonly Placed[] }

export const judgeNetworks: ConfigJudge = (facts, { contract }) => {
  const networks: readonly Network[] = [
    { name: 'a pod subnet', subnets: facts.podSubnets },
    { name: 'a service subnet', subnets: facts.serviceSubnets },
    {
      name: "the contract's join network",
      subnets: [{ value: contract.joinNetwork, at: placeOfAbsence(facts) }],
    },
  ]
  return networks.flatMap(({ name, subnets }) =>
    subnets.flatMap(({ value, at }) => {
      const subnet = parseSubnet(value)
      const tailnet = TAILNETS.find((one) => subnet !== undefined && overlaps(subnet, one))
      if (tailnet === undefined) return []
      const message = `${name} is among the addresses of tailscale`
      return [{ at, message, expected: `a network outside ${tailnet.cidr}`, got: value }]
    }),
  )
}

export const judgeOverlaps: ConfigJudge = (facts, { contract }) => {
  const at = placeOfAbsence(facts)
  const { pods, services } = clusterSubnets(facts, at)
  const join = [{ value: contract.joinNetwork, at }]
  const pairs: readonly (readonly [Network, Network])[] = [
    [
      { name: 'pods', subnets: pods },
      { name: 'services', subnets: services },
    ],
    [
      { name: 'the join network', subnets: join },
      { name: 'pods', subnets: pods },
    ],
    [
      { name: 'the join network', subnets: join },
      { name: 'services', subnets: services },
    ],
  ]
  const inJoin = facts.nodeAddressSubnets.filter(({ value }) => {
    const [subnet, network] = [parseSubnet(value), parseSubnet(contract.joinNetwork)]
    return subnet !== undefined && network !== undefined && isCovered(subnet, [network])
  })
  return [
    ...pairs.flatMap(([one, other]) => overlapsOf(one, other)),
    ...inJoin.map(({ value, at: place }) =>
      overlap(place, `nodes ${value}`, `the join network ${contract.joinNetwork}`),
    ),
  ]
}

function overlapsOf(one: Network, other: Network): readonly ConfigFinding[] {
  return one.subnets.flatMap((left) =>
    other.subnets.flatMap((right) => {
      const [subnet, second] = [parseSubnet(left.value), parseSubnet(right.value)]
      if (subnet === undefined || second === undefined || !overlaps(subnet, second)) return []
      return [overlap(right.at, `${other.name} ${right.value}`, `${one.name} ${left.value}`)]
    }),
  )
}

function overlap(at: Placed['at'], one: string, other: string): ConfigFinding {
  return {
    at,
    message: 'two networks of the cluster overlap: an address in both is sent to one of them',
    expected: 'networks apart from one another',
    got: `${one} and ${other}`,
  }
}
