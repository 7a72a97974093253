// The addresses that kubelet and etcd take for the node's own.
import { formatPlace } from '#harness/formats/yaml/nodes.ts'
import type { MachineConfigFacts, Placed } from '#harness/machine-config/facts.ts'
import { admittedBy, clusterSubnets, TAILNETS, type Admitted } from '../addresses.ts'
import { placeOfAbsence, unknownValue, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { isCovered, overlaps, parseSubnet } from '../subnet.ts'

const OUTSIDE = TAILNETS.map(({ cidr }) => cidr).join(' and ')

/** Talos takes away pods and services; where nothing is listed it takes all of the families that services have. */
function nodeAddresses(facts: MachineConfigFacts): { readonly items: readonly Placed[]; readonly admitted: Admitted } {
  const at = facts.nodeAddressAt ?? placeOfAbsence(facts)
  const { pods, services } = clusterSubnets(facts, at)
  const never = [...pods, ...services].flatMap(({ value }) => parseSubnet(value) ?? [])
  const families = services.flatMap(({ value }) => parseSubnet(value)?.family ?? [])
  const all = families.map((family) => ({ value: family === 4 ? '0.0.0.0/0' : '::/0', at }))
  const items = facts.nodeAddressSubnets.length > 0 ? facts.nodeAddressSubnets : all
  return { items, admitted: admittedBy(items, never) }
}

/** An address that the kubelet's arguments name is picked from no list. */
export const judgeNodeAddressLeft: ConfigJudge = (facts) => {
  const { items, admitted } = nodeAddresses(facts)
  const [first] = items
  if (facts.addresses.nodeIpArgument !== undefined || first === undefined) return []
  if (admitted.left.length > 0 || admitted.unreadable.length > 0) return []
  const [unknown] = admitted.unknown
  if (unknown !== undefined) return [unknownValue("the subnet of the node's address", unknown)]
  const isOnlyExclusions = items.every(({ value }) => value.startsWith('!'))
  return [
    {
      at: first.at,
      message: isOnlyExclusions
        ? 'validSubnets only excludes, which leaves no address: exclusions take away from the subnets before them'
        : 'validSubnets leaves no address: what it takes is excluded again, or is of pods or services',
      expected: 'the subnet of the nodes, exclusions behind it',
      got: listed(facts.nodeAddressSubnets),
    },
  ]
}

export const judgeNodeAddress: ConfigJudge = (facts) => {
  if (facts.addresses.nodeIpArgument !== undefined) return []
  const { items, admitted } = nodeAddresses(facts)
  const expected = `validSubnets with the subnet of the nodes and nothing of ${OUTSIDE}`
  return [
    ...admitted.unknown.map((item) => unknownValue("the subnet of the node's address", item)),
    ...admitted.unreadable.map(({ value: got, at }) => ({ at, message: 'a subnet cannot be read', expected, got })),
    ...tailnetAddresses(items, admitted, { who: 'the kubelet', expected, got: listed(facts.nodeAddressSubnets) }),
  ]
}

export const judgeEtcdAddress: ConfigJudge = (facts) => {
  if (!facts.isControlPlane) return []
  const { etcdSubnets, etcdAt = placeOfAbsence(facts) } = facts.addresses
  const items = etcdSubnets.length > 0 ? etcdSubnets : ['0.0.0.0/0', '::/0'].map((value) => ({ value, at: etcdAt }))
  const admitted = admittedBy(items)
  const expected = `cluster.etcd.advertisedSubnets with the subnet of the nodes and nothing of ${OUTSIDE}`
  return [
    ...admitted.unknown.map((item) => unknownValue("the subnet of etcd's address", item)),
    ...tailnetAddresses(items, admitted, { who: 'etcd', expected, got: listed(etcdSubnets) }),
  ]
}

/** One finding for each place that lets an address of a tailnet in. */
function tailnetAddresses(
  items: readonly Placed[],
  { left }: Admitted,
  { who, expected, got }: { readonly who: string; readonly expected: string; readonly got: string },
): readonly ConfigFinding[] {
  const found = new Map<string, ConfigFinding>()
  for (const { subnet, item } of left) {
    const tailnet = TAILNETS.find((one) => overlaps(one, subnet))
    if (tailnet === undefined) continue
    const before = items.slice(0, items.indexOf(item)).filter(({ value }) => value.startsWith('!'))
    const excluded = before.flatMap(({ value }) => parseSubnet(value.slice(1)) ?? [])
    found.set(formatPlace(item.at), {
      at: item.at,
      message: isCovered(tailnet, excluded)
        ? `${who} may take tailscale's address for the node's: an exclusion before the subnet that it is to take from has no effect`
        : `${who} may take tailscale's address for the node's`,
      expected,
      got,
    })
  }
  return [...found.values()]
}

function listed(items: readonly Placed[]): string {
  return items.map(({ value }) => value).join(', ') || 'none'
}
