import { describe, expect, it } from 'vitest'
import { parseMachineConfig } from './document.ts'
import { machineConfigFacts } from './facts.ts'

const cluster = (text: string) =>
  machineConfigFacts(parseMachineConfig([{ path: 'c.yaml', bytes: Buffer.from(text) }])).cluster
const document = (kind: string, rest = ''): string => `apiVersion: v1alpha1\nkind: ${kind}\n${rest}`

describe('clusterFacts', () => {
  it('reads the old fields', () => {
    const text = `machine: {certSANs: [127.0.0.1], registries: {mirrors: {docker.io: {endpoints: [https://a]}}}}
cluster: {network: {cni: {name: none}, dnsDomain: a.b}, proxy: {disabled: true}, discovery: {enabled: true}, apiServer: {certSANs: [::1]}}
`
    expect(cluster(text)).toMatchObject({
      cni: { value: 'none' },
      proxyDisabled: { value: 'true' },
      dnsDomain: { value: 'a.b' },
      discovery: { value: 'true' },
      apiServerSans: [{ value: '::1' }],
      inDocuments: false,
      certSans: [{ value: '127.0.0.1' }],
      mirrors: [{ value: 'docker.io' }],
      at: { line: 2 },
    })
  })

  it('reads the documents', () => {
    const text = [
      document('KubeClusterConfig'),
      document('KubeFlannelCNIConfig'),
      document('KubeProxyConfig', 'enabled: true\n'),
      document('RegistryMirrorConfig', 'name: docker.io\n'),
      document('KubeNetworkConfig', 'dnsDomain: a.b\n'),
      document('DiscoveryServiceConfig', 'name: default\n'),
      document('KubeAPIServerConfig', 'certExtraSANs: [::1]\n'),
    ].join('---\n')
    expect(cluster(text)).toMatchObject({
      inDocuments: true,
      flannelAt: { line: 4 },
      proxyAt: { line: 7 },
      mirrors: [{ value: 'docker.io' }],
      dnsDomain: { value: 'a.b' },
      discoveryAt: { line: 19 },
      apiServerSans: [{ value: '::1' }],
    })
    expect(cluster(document('KubeProxyConfig', 'enabled: false\n'))).not.toHaveProperty('proxyAt')
  })
})
