// Facts of a machine configuration about the cluster: siderolabs/talos v1.11.6 to v1.14.1, `cluster` and the documents
// that took the place of its parts.
import type { YamlMap, YamlPlace } from '../formats/yaml/nodes.ts'
import { entriesAt, keyAt, textAt, textsAt, type PlacedText } from './fields.ts'

export type ClusterFacts = {
  /** `cluster.network.cni.name`. */
  readonly cni?: PlacedText
  /** `cluster.proxy.disabled`. */
  readonly proxyDisabled?: PlacedText
  /** KubeFlannelCNIConfig: a CNI that Talos installs. */
  readonly flannelAt?: YamlPlace
  /** KubeProxyConfig, unless it says `enabled: false`. */
  readonly proxyAt?: YamlPlace
  /** True if the parts of the cluster are in documents (1.14), which say only what is there. */
  readonly inDocuments: boolean
  /** `cluster.network.dnsDomain` and KubeNetworkConfig. */
  readonly dnsDomain?: PlacedText
  /** `cluster.discovery.enabled`; Talos takes its absence for false. */
  readonly discovery?: PlacedText
  /** The first DiscoveryServiceConfig: a service that nodes find each other by. */
  readonly discoveryAt?: YamlPlace
  /** Names and addresses in the certificate of the Talos API. */
  readonly certSans: readonly PlacedText[]
  /** Names and addresses added to the certificate of kube-apiserver. */
  readonly apiServerSans: readonly PlacedText[]
  /** Registries that a mirror is named for. */
  readonly mirrors: readonly PlacedText[]
  /** The place of `cluster`. */
  readonly at?: YamlPlace
}

export function clusterFacts(rootsOf: (kind: string | undefined) => readonly YamlMap[]): ClusterFacts {
  const [main] = rootsOf(undefined)
  const proxy = rootsOf('KubeProxyConfig').find((root) => textAt(root, 'enabled')?.value !== 'false')
  return {
    ...optional('cni', textAt(main, 'cluster', 'network', 'cni', 'name')),
    ...optional('proxyDisabled', textAt(main, 'cluster', 'proxy', 'disabled')),
    ...optional('flannelAt', rootsOf('KubeFlannelCNIConfig')[0]?.at),
    ...optional('proxyAt', proxy?.at),
    inDocuments: rootsOf('KubeClusterConfig').length > 0,
    ...optional(
      'dnsDomain',
      [
        textAt(main, 'cluster', 'network', 'dnsDomain'),
        ...rootsOf('KubeNetworkConfig').map((root) => textAt(root, 'dnsDomain')),
      ].findLast((domain) => domain !== undefined),
    ),
    ...optional('discovery', textAt(main, 'cluster', 'discovery', 'enabled')),
    ...optional('discoveryAt', rootsOf('DiscoveryServiceConfig')[0]?.at),
    certSans: textsAt(main, 'machine', 'certSANs'),
    apiServerSans: [
      ...textsAt(main, 'cluster', 'apiServer', 'certSANs'),
      ...rootsOf('KubeAPIServerConfig').flatMap((root) => textsAt(root, 'certExtraSANs')),
    ],
    mirrors: [
      ...entriesAt(main, 'machine', 'registries', 'mirrors').map(({ name, nameAt }) => ({ value: name, at: nameAt })),
      ...rootsOf('RegistryMirrorConfig').flatMap((root) => textAt(root, 'name') ?? []),
    ],
    ...optional('at', keyAt(main, 'cluster')),
  }
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value })
}
