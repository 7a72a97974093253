// Addresses that the parts of a node pick for themselves: siderolabs/talos v1.11.0 to v1.14.1, machine.kubelet.nodeIP
// and KubeNodeConfig, cluster.etcd.advertisedSubnets.
import type { YamlMap, YamlNode, YamlPlace } from '../formats/yaml/nodes.ts'
import { fieldAt, itemsAt, keyAt, textAt, textsAt, type PlacedText } from './fields.ts'

export type AddressFacts = {
  /**
   * Subnets of which etcd advertises an address, in order; `!` before those that it does not. Empty: the first there
   * is.
   */
  readonly etcdSubnets: readonly PlacedText[]
  /** The place that they would have; absent without `cluster`. */
  readonly etcdAt?: YamlPlace
  /** The place where the kubelet's arguments name the address themselves, which is then not selected by subnet. */
  readonly nodeIpArgument?: YamlPlace
  /** Addresses of links as they are, with their prefix; not those of dummy links, nor those that nodes share. */
  readonly linkAddresses: readonly PlacedText[]
}

/** Kinds of documents that give addresses to a link. */
const LINK_KINDS = ['LinkConfig', 'BondConfig', 'BridgeConfig', 'VLANConfig', 'VRFConfig', 'WireguardConfig']
/** Links that nodes may well give the same address. */
const SHARED_LINK = /^(?:lo|dummy\d*)$/

type Roots = (kind: string | undefined) => readonly YamlMap[]

export function addressFacts(rootsOf: Roots): AddressFacts {
  const [main] = rootsOf(undefined)
  const etcd = fieldAt(main, 'cluster', 'etcd')
  const listed = textsAt(etcd, 'advertisedSubnets')
  const older = textAt(etcd, 'subnet')
  const etcdAt = keyAt(main, 'cluster', 'etcd') ?? keyAt(main, 'cluster')
  const nodeIpArgument =
    keyAt(main, 'machine', 'kubelet', 'extraArgs', 'node-ip') ??
    rootsOf('KubeletConfig').map((root) => keyAt(root, 'extraArgs', 'node-ip'))[0]
  return {
    etcdSubnets: listed.length > 0 || older === undefined ? listed : [older],
    ...(etcdAt !== undefined && { etcdAt }),
    ...(nodeIpArgument !== undefined && { nodeIpArgument }),
    linkAddresses: [
      ...itemsAt(main, 'machine', 'network', 'interfaces').flatMap(oldAddresses),
      ...LINK_KINDS.flatMap(rootsOf)
        .filter((root) => !SHARED_LINK.test(textAt(root, 'name')?.value ?? ''))
        .flatMap((root) => itemsAt(root, 'addresses').flatMap((item) => textAt(item, 'address') ?? [])),
    ],
  }
}

/** Addresses of an interface and of its VLANs; `cidr` is the older name of one address. */
function oldAddresses(item: YamlNode): readonly PlacedText[] {
  if (SHARED_LINK.test(textAt(item, 'interface')?.value ?? '') || textAt(item, 'dummy')?.value === 'true') return []
  return [item, ...itemsAt(item, 'vlans')].flatMap((one) => [
    ...textsAt(one, 'addresses'),
    ...[textAt(one, 'cidr') ?? []].flat(),
  ])
}
