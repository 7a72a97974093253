// The addresses that a list of subnets leaves to pick from, as Talos goes through it: FilterIPs of siderolabs/net v0.4.0.
// Each subnet adds, each with `!` takes away from what was added before it.
import type { MachineConfigFacts, Placed } from '#harness/machine-config/facts.ts'
import { isUnknown } from '../support/config-rule.ts'
import { parseSubnet, without, type Subnet } from './subnet.ts'

/** Networks that Talos takes where a configuration names none (pkg/machinery/constants, v1.11 to v1.14). */
const DEFAULT_PODS = '10.244.0.0/16'
const DEFAULT_SERVICES = '10.96.0.0/12'

/** Addresses that Tailscale gives to the nodes of a tailnet (tailscale.com v1.88.1 net/tsaddr/tsaddr.go). */
export const TAILNETS: readonly Subnet[] = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'].flatMap(
  (text) => parseSubnet(text) ?? [],
)

export type Admitted = {
  /** The rest of a subnet, and the item that added it. */
  readonly left: readonly { readonly subnet: Subnet; readonly item: Placed }[]
  /** Templates and encrypted values. */
  readonly unknown: readonly Placed[]
  readonly unreadable: readonly Placed[]
}

/** `never`: what is taken away at the end, whatever the list says. */
export function admittedBy(items: readonly Placed[], never: readonly Subnet[] = []): Admitted {
  let left: Admitted['left'] = []
  const unknown: Placed[] = []
  const unreadable: Placed[] = []
  const takeAway = (subnets: readonly Subnet[]): void => {
    left = left.flatMap(({ subnet, item }) => without(subnet, subnets).map((rest) => ({ subnet: rest, item })))
  }
  for (const item of items) {
    const excludes = item.value.startsWith('!')
    const text = excludes ? item.value.slice(1) : item.value
    const subnet = parseSubnet(text)
    if (isUnknown(text)) unknown.push(item)
    else if (subnet === undefined) unreadable.push(item)
    else if (excludes) takeAway([subnet])
    else left = [...left, { subnet, item }]
  }
  takeAway(never)
  return { left, unknown, unreadable }
}

/** The pod and service subnets in force: those of the configuration, else those that Talos takes. */
export function clusterSubnets(
  facts: MachineConfigFacts,
  at: Placed['at'],
): Record<'pods' | 'services', readonly Placed[]> {
  return {
    pods: facts.podSubnets.length > 0 ? facts.podSubnets : [{ value: DEFAULT_PODS, at }],
    services: facts.serviceSubnets.length > 0 ? facts.serviceSubnets : [{ value: DEFAULT_SERVICES, at }],
  }
}
