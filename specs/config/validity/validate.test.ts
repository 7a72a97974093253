// Accepted and refused configurations side by side: each row was put to pkg/machinery of its minor.
import { describe, expect, it } from 'vitest'
import { readFiles } from '#harness/machine-config/reading/read.ts'
import type { Minor } from '#harness/machine-config/schema/schema.ts'
import { parseGoYaml } from '#harness/machine-config/yaml/parse.ts'
import { validate } from './validate.ts'

type Row = readonly [minor: Minor, taken: string, refused: string, key: string]

/** `VLANConfig name: a, vlanID: 5` as a document. */
const document = (text: string): string => {
  const [kind = '', ...rest] = text.split(' ')
  return `{apiVersion: v1alpha1, kind: ${kind}, ${rest.join(' ')}}\n`
}
const KEY = `${'A'.repeat(43)}=`

const DOCUMENTS: readonly Row[] = [
  [
    '1.11',
    'UserVolumeConfig name: a, provisioning: {diskSelector: {match: "true"}, minSize: 1GiB}',
    'UserVolumeConfig name: a, provisioning: {diskSelector: {match: "true"}}',
    'provisioning',
  ],
  [
    '1.12',
    'UserVolumeConfig name: a, volumeType: directory',
    'UserVolumeConfig name: a, volumeType: directory, encryption: {provider: luks2, keys: [{slot: 0, tpm: {}}]}',
    'encryption',
  ],
  [
    '1.13',
    'RawVolumeConfig name: a, provisioning: {diskSelector: {match: "true"}, maxSize: 50%}',
    'RawVolumeConfig name: a_b, provisioning: {diskSelector: {match: "true"}, maxSize: 50%}',
    'name',
  ],
  [
    '1.14',
    'VolumeConfig name: ETCD, provisioning: {minSize: 1GiB}, mount: {secure: true}',
    'VolumeConfig name: ETCD, mount: {secure: true}',
    'mount',
  ],
  [
    '1.14',
    'LVMLogicalVolumeConfig name: a, type: raid1, mirrors: 1, provisioning: {volumeGroup: a, maxSize: 1GiB}',
    'LVMLogicalVolumeConfig name: a, type: raid0, mirrors: 1, provisioning: {volumeGroup: a, maxSize: 1GiB}',
    'mirrors',
  ],
  [
    '1.14',
    'ContainerConfig name: a, image: alpine, mounts: [{tmpfs: {destination: /a}}]',
    'ContainerConfig name: a, image: alpine, mounts: [{tmpfs: {destination: a}}]',
    'mounts[0].tmpfs.destination',
  ],
  [
    '1.14',
    'ContainerConfig name: a, image: alpine, security: {capabilities: {add: [NET_ADMIN]}}',
    'ContainerConfig name: a, image: alpine, security: {capabilities: {add: [CAP_NET_ADMIN]}}',
    'security.capabilities.add[0]',
  ],
  [
    '1.12',
    'RegistryAuthConfig name: a, username: a, password: b',
    'RegistryAuthConfig name: a, username: a, identityToken: b',
    'identityToken',
  ],
  ['1.14', 'KubeNodeConfig labels: {a/b: c}', 'KubeNodeConfig labels: {a/b/c: d}', 'labels.a/b/c'],
  [
    '1.14',
    'KubeletConfig image: a, config: {maxPods: 5}',
    'KubeletConfig image: a, config: {staticPodPath: /a}',
    'config.staticPodPath',
  ],
  [
    '1.14',
    'KubeNetworkConfig podSubnets: [10.0.0.0/16], serviceSubnets: [10.96.0.0/12]',
    'KubeNetworkConfig podSubnets: [10.0.0.0/16], serviceSubnets: [10.0.0.0/8]',
    'serviceSubnets[0]',
  ],
  ['1.12', 'VLANConfig name: a, vlanID: 4094, parent: b', 'VLANConfig name: a, vlanID: 4095, parent: b', 'vlanID'],
  ['1.13', 'VRFConfig name: a, table: 5', 'VRFConfig name: a, table: main', 'table'],
  ['1.12', `WireguardConfig name: a, privateKey: ${KEY}`, 'WireguardConfig name: a, privateKey: YQ==', 'privateKey'],
  [
    '1.12',
    'LinkConfig name: a, addresses: [{address: 10.0.0.1/24}]',
    'LinkConfig name: a, addresses: [{address: 0.0.0.0/0}]',
    'addresses[0].address',
  ],
  [
    '1.13',
    'LinkAliasConfig name: net%d, selector: {match: link.mtu > 1u}',
    'LinkAliasConfig name: n%dx, selector: {match: link.mtu > 1u}',
    'name',
  ],
  ['1.12', 'HostnameConfig auto: stable', 'HostnameConfig auto: stable, hostname: a', 'auto'],
  ['1.13', 'HostnameConfig auto: "off"', 'HostnameConfig hostname: ""', 'hostname'],
  ['1.13', 'RoutingRuleConfig name: "1000", table: 5', 'RoutingRuleConfig name: "32500", table: 5', 'name'],
  [
    '1.11',
    'NetworkRuleConfig name: a, portSelector: {ports: [80, 90-99], protocol: tcp}',
    'NetworkRuleConfig name: a, portSelector: {ports: [80-90, 85], protocol: tcp}',
    'portSelector.ports[1]',
  ],
  [
    '1.14',
    'TimeSyncConfig ntp: {servers: [a], useNTS: true}',
    'TimeSyncConfig ntp: {servers: [10.0.0.1], useNTS: true}',
    'ntp.servers[0]',
  ],
  [
    '1.14',
    'BGPInstanceConfig name: a, localASN: 1, neighbors: [{link: a}]',
    'BGPInstanceConfig name: a, localASN: 1, neighbors: [{link: a}, {link: a}]',
    'neighbors[1]',
  ],
  ['1.11', 'KmsgLogConfig name: a, url: "tcp://a:1"', 'KmsgLogConfig name: a, url: "tcp://a"', 'url'],
  ['1.14', 'EtcFileConfig name: a/b, contents: a', 'EtcFileConfig name: cri/b, contents: a', 'name'],
  [
    '1.13',
    'ImageVerificationConfig rules: [{image: a/*, skip: true}]',
    'ImageVerificationConfig rules: [{image: a/*}]',
    'rules[0]',
  ],
  [
    '1.12',
    'OOMConfig triggerExpression: memory_full_avg10 > 1.0',
    'OOMConfig triggerExpression: memory_full_avg10',
    'triggerExpression',
  ],
  [
    '1.14',
    'UserVolumeConfig name: a, volumeType: directory, encryption: {cipher: a}, filesystem: {type: none}',
    'UserVolumeConfig name: a, volumeType: directory, encryption: {provider: luks2}',
    'encryption',
  ],
  [
    '1.14',
    'CRIBaseRuntimeSpecConfig overrides: {a: [1.5]}',
    'CRIBaseRuntimeSpecConfig overrides: {a: [.inf]}',
    'overrides.a[0]',
  ],
  ['1.14', 'FilesystemScrubConfig interval: 1e10', 'FilesystemScrubConfig interval: 9e9', 'interval'],
  ['1.12', 'DummyLinkConfig name: !!binary YQ==', 'DummyLinkConfig name: !!binary ""', 'name'],
  [
    '1.11',
    'WatchdogTimerConfig device: /dev/a, timeout: 10s',
    'WatchdogTimerConfig device: /dev/a, timeout: 9s',
    'timeout',
  ],
]

const WORKER =
  '{machine: {type: worker, ca: {crt: YQ==}, install: {disk: /dev/a}X}, cluster: {controlPlane: {endpoint: "https://a"}}}\n'
const machine = (rest: string): string => WORKER.replace('X', rest === '' ? '' : `, ${rest}`)

const MACHINES: readonly Row[] = [
  ['1.11', 'disks: [{device: /dev/b}]', 'disks: [null]', 'machine.disks[0]'],
  [
    '1.13',
    'disks: [{device: /dev/b, partitions: []}]',
    'disks: [{device: /dev/b, partitions: [null]}]',
    'machine.disks[0].partitions[0]',
  ],
  ['1.12', 'registries: {mirrors: {a: {}}}', 'registries: {mirrors: {a: null}}', 'machine.registries.mirrors.a'],
  [
    '1.14',
    'network: {interfaces: [{deviceSelector: {pciID: "false"}}]}',
    'network: {interfaces: [{deviceSelector: {}}]}',
    'machine.network.interfaces[0].deviceSelector',
  ],
  ['1.11', '', 'nodeTaints: {a: Never}', 'machine.nodeTaints.a'],
  [
    '1.12',
    'network: {interfaces: [{interface: a, addresses: [10.0.0.1/24]}]}',
    'network: {interfaces: [{interface: a, addresses: [10.0.0.1/33]}]}',
    'machine.network.interfaces[0].addresses[0]',
  ],
  [
    '1.13',
    'network: {interfaces: [{interface: a, bond: {mode: 802.3ad, lacpRate: fast}}]}',
    'network: {interfaces: [{interface: a, bond: {mode: active-backup, lacpRate: fast}}]}',
    'machine.network.interfaces[0].bond.lacpRate',
  ],
  ['1.13', 'network: {kubespan: {enabled: false}}', 'network: {kubespan: {enabled: true}}', 'machine.network.kubespan'],
  [
    '1.14',
    'logging: {destinations: [{endpoint: "udp://a:1", format: json_lines}]}',
    'logging: {destinations: [{endpoint: "http://a:1", format: json_lines}]}',
    'machine.logging.destinations[0].endpoint',
  ],
  [
    '1.14',
    'features: {hostDNS: {enabled: true, forwardKubeDNSToHost: true}}',
    'features: {hostDNS: {forwardKubeDNSToHost: true}}',
    'machine.features.hostDNS.forwardKubeDNSToHost',
  ],
]

function keysOf(minor: Minor, text: string): readonly string[] {
  const reading = readFiles(minor, [{ path: 'a', roots: parseGoYaml(Buffer.from(text), 'a') }])
  expect(reading.problems).toEqual([])
  return validate(reading).map(({ key }) => key.replace(/^[^:]*: /, ''))
}

describe('validate', () => {
  it.each(DOCUMENTS)('%s takes %s', (minor, taken) => {
    expect(keysOf(minor, document(taken))).toEqual([])
  })

  it.each(DOCUMENTS)('%s refuses, beside %s, %s', (minor, _, refused, key) => {
    expect(keysOf(minor, document(refused))).toContain(key)
  })

  it.each(MACHINES)('%s takes a machine with %s', (minor, taken) => {
    expect(keysOf(minor, machine(taken))).toEqual([])
  })

  it.each(MACHINES)('%s refuses, beside %s, a machine with %s', (minor, _, refused, key) => {
    expect(keysOf(minor, machine(refused))).toContain(key)
  })

  it('asks for an install before 1.14 only', () => {
    const without = machine('').replace(', install: {disk: /dev/a}', '')
    expect([keysOf('1.13', without), keysOf('1.14', without)]).toEqual([['machine.install'], []])
  })

  it('reports a conflict at the field, and notes the document', () => {
    const text = `${machine('network: {hostname: a}')}---\n${document('HostnameConfig auto: stable')}`
    const reading = readFiles('1.12', [{ path: 'a', roots: parseGoYaml(Buffer.from(text), 'a') }])
    expect(validate(reading).map(({ class: of, key, isNote }) => [of, key, isNote === true])).toEqual([
      ['conflict', 'machine.network.hostname', false],
      ['conflict', 'HostnameConfig', true],
    ])
  })
})
