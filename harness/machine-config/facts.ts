// Facts of a machine configuration that an image depends on: modules, services, networks, the image to install.
// Fields: siderolabs/talos pkg/machinery/config/types/{v1alpha1,runtime,k8s,runtime/extensions}, v1.11 to v1.14.
import type { YamlList, YamlMap, YamlNode, YamlPlace } from '../formats/yaml/nodes.ts'
import { addressFacts, type AddressFacts } from './address-facts.ts'
import { clusterFacts, type ClusterFacts } from './cluster-facts.ts'
import { nodeFacts, type NodeFacts } from './node-facts.ts'
import { findSecrets, type SecretLike } from './secrets/secrets.ts'
import type { MachineConfig } from './document.ts'

export type Placed = { readonly value: string; readonly at: YamlPlace }

export type LoadedModule = { readonly name: string; readonly parameters: readonly Placed[]; readonly at: YamlPlace }

export type ServiceConfiguration = {
  /** The service's name without `ext-`. */
  readonly name: string
  /** `KEY=VALUE` in order, later ones override; '' where there is no `=`. */
  readonly environment: readonly { readonly name: string; readonly value: string; readonly at: YamlPlace }[]
  /** The number of files that it gives to the service. */
  readonly files: number
  readonly at: YamlPlace
}

export type MachineConfigFacts = {
  /** The beginning of the first file: the place of what is missing altogether. */
  readonly start: YamlPlace
  /** The name of the machine; absent where Talos or the network names the machine. */
  readonly hostname?: Placed
  /** `machine.install` and UnattendedInstallConfig, with the image where one is named. */
  readonly installs: readonly { readonly image?: Placed; readonly at: YamlPlace }[]
  /** Modules in the order in which Talos takes them: of two of a name the last one holds. */
  readonly modules: readonly LoadedModule[]
  /** The place of the list of modules. */
  readonly modulesAt?: YamlPlace
  readonly services: readonly ServiceConfiguration[]
  /** Subnets of pods; empty where Talos takes its defaults. */
  readonly podSubnets: readonly Placed[]
  readonly serviceSubnets: readonly Placed[]
  /** Subnets of which the kubelet takes the node's address; `!` before those that it does not. */
  readonly nodeAddressSubnets: readonly Placed[]
  /** The place that they would have. */
  readonly nodeAddressAt?: YamlPlace
  readonly isControlPlane: boolean
  readonly addresses: AddressFacts
  readonly node: NodeFacts
  readonly cluster: ClusterFacts
  /** The place of `machine`. */
  readonly machineAt?: YamlPlace
  /** `machine.install.extraKernelArgs`. */
  readonly extraKernelArguments: readonly Placed[]
  /** Images of `machine.install.extensions`. */
  readonly installExtensions: readonly Placed[]
  /** Secrets in all files as they are, values that a later file overrides included. */
  readonly secrets: readonly SecretLike[]
  /** The files as Talos of a minor reads them. */
  readonly readings: MachineConfig['readings']
}

/** A field of another shape than Talos' counts as absent: `readings` says that it is wrong. */
export function machineConfigFacts(config: MachineConfig): MachineConfigFacts {
  const rootsOf = (kind: string | undefined): readonly YamlMap[] =>
    config.documents.filter((document) => document.kind === kind).map(({ root }) => root)
  const [main] = rootsOf(undefined)
  const machine = mapAt(main, 'machine')
  const install = mapAt(machine, 'install')
  const kubelet = mapAt(machine, 'kubelet')
  const network = mapAt(mapAt(main, 'cluster'), 'network')
  const moduleList = listAt(mapAt(machine, 'kernel'), 'modules')
  const moduleRoots = [...itemsOf(moduleList).flatMap(asMap), ...rootsOf('KernelModuleConfig')]
  const networks = [...(network === undefined ? [] : [network]), ...rootsOf('KubeNetworkConfig')]
  const nodeAddresses = [kubelet, ...rootsOf('KubeNodeConfig')].map((root) => mapAt(root, 'nodeIP'))
  return {
    start: config.start,
    ...optional(
      'hostname',
      [mapAt(machine, 'network'), ...rootsOf('HostnameConfig')]
        .map((root) => textAt(root, 'hostname'))
        .findLast((name) => name !== undefined),
    ),
    installs: installsOf(config),
    modules: moduleRoots.map((root) => ({
      name: required(root, 'name').value,
      parameters: textsAt(root, 'parameters'),
      at: required(root, 'name').at,
    })),
    ...optional('modulesAt', keyPlace(mapAt(machine, 'kernel'), 'modules') ?? moduleRoots[0]?.at),
    services: rootsOf('ExtensionServiceConfig').map(toService),
    podSubnets: networks.flatMap((root) => textsAt(root, 'podSubnets')),
    serviceSubnets: networks.flatMap((root) => textsAt(root, 'serviceSubnets')),
    nodeAddressSubnets: nodeAddresses.flatMap((root) => textsAt(root, 'validSubnets')),
    ...optional(
      'nodeAddressAt',
      rootsOf('KubeNodeConfig').map((root) => keyPlace(root, 'nodeIP'))[0] ??
        keyPlace(kubelet, 'nodeIP') ??
        keyPlace(machine, 'kubelet'),
    ),
    // Talos takes a machine of no type for a worker.
    isControlPlane: ['controlplane', 'init'].includes(textAt(machine, 'type')?.value ?? ''),
    addresses: addressFacts(rootsOf),
    node: nodeFacts(rootsOf),
    cluster: clusterFacts(rootsOf),
    ...optional('machineAt', keyPlace(main, 'machine')),
    extraKernelArguments: textsAt(install, 'extraKernelArgs'),
    installExtensions: itemsOf(listAt(install, 'extensions'))
      .flatMap(asMap)
      .map((item) => required(item, 'image')),
    secrets: findSecrets(config.files),
    readings: config.readings,
  }
}

/** The images that the node is to install, alone. */
export function installsOf({ documents }: Pick<MachineConfig, 'documents'>): MachineConfigFacts['installs'] {
  const machine = mapAt(documents.find(({ kind }) => kind === undefined)?.root, 'machine')
  const install = mapAt(machine, 'install')
  return [
    ...(install === undefined ? [] : [toInstall(install, keyPlace(machine, 'install'))]),
    ...documents
      .filter(({ kind }) => kind === 'UnattendedInstallConfig')
      .map(({ root }) => toInstall(mapAt(root, 'installer'), keyPlace(root, 'installer') ?? root.at)),
  ]
}

function toInstall(root: YamlMap | undefined, at: YamlPlace | undefined): MachineConfigFacts['installs'][number] {
  return { ...optional('image', textAt(root, 'image')), at: at ?? (root as YamlMap).at }
}

function toService(root: YamlMap): ServiceConfiguration {
  return {
    name: required(root, 'name').value,
    environment: textsAt(root, 'environment').map(({ value, at }) => {
      const equals = value.indexOf('=')
      return equals < 0
        ? { name: value, value: '', at }
        : { name: value.slice(0, equals), value: value.slice(equals + 1), at }
    }),
    files: itemsOf(listAt(root, 'configFiles')).length,
    at: root.entries.get('name')?.value.at ?? root.at,
  }
}

/** The map of a key; undefined for what is absent or null. */
function mapAt(map: YamlMap | undefined, key: string): YamlMap | undefined {
  const value = valueAt(map, key)
  return value?.kind === 'map' ? value : undefined
}

function listAt(map: YamlMap | undefined, key: string): YamlList | undefined {
  const value = valueAt(map, key)
  return value?.kind === 'list' ? value : undefined
}

/** The text of a key; undefined for what is absent or empty, which to Talos is the same. */
function textAt(map: YamlMap | undefined, key: string): Placed | undefined {
  const value = valueAt(map, key)
  return value === undefined ? undefined : asText(value)
}

function textsAt(map: YamlMap | undefined, key: string): readonly Placed[] {
  return itemsOf(listAt(map, key)).map((item) => asText(item) ?? { value: '', at: item.at })
}

/** The text of a key; empty where it is absent. */
function required(map: YamlMap, key: string): Placed {
  return textAt(map, key) ?? { value: '', at: map.at }
}

function valueAt(map: YamlMap | undefined, key: string): YamlNode | undefined {
  const value = map?.entries.get(key)?.value
  return value?.kind === 'scalar' && value.value === null ? undefined : value
}

function itemsOf(list: YamlList | undefined): readonly YamlNode[] {
  return list?.items ?? []
}

function keyPlace(map: YamlMap | undefined, key: string): YamlPlace | undefined {
  return map?.entries.get(key)?.keyAt
}

function asMap(node: YamlNode): readonly YamlMap[] {
  return node.kind === 'map' ? [node] : []
}

function asText(node: YamlNode): Placed | undefined {
  return node.kind !== 'scalar' || node.value === null || node.value === ''
    ? undefined
    : { value: node.value, at: node.at }
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value })
}
