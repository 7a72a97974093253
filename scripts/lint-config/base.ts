// The configuration under files that talm rendered: one that is given, or what `talosctl gen config` writes, with
// placeholders for what it makes at random. siderolabs/talos pkg/machinery/config/generate, v1.11.6 to v1.14.1.
import type { ConfigFile } from '#harness/machine-config/document.ts'

/** The name of the generated base in locations. */
export const GENERATED = 'generated base'

/** "placeholder, not a certificate", in place of any certificate, key or secret. */
const SECRET = 'cGxhY2Vob2xkZXIsIG5vdCBhIGNlcnRpZmljYXRl'
const TOKEN = 'abcdef.0123456789abcdef'

const PEM = `-----BEGIN PLACEHOLDER-----\n${SECRET}\n-----END PLACEHOLDER-----\n`
const ENDPOINT = 'https://192.0.2.1:6443'
const SUBNETS = { podSubnets: ['10.244.0.0/16'], serviceSubnets: ['10.96.0.0/12'] }

/** `older`: of 1.11, which every minor reads; `native`: of 1.14; with the hostname that it writes since 1.12, or without. */
type Generation = 'older' | 'older, with hostname' | 'native' | 'native, with hostname'

export function generatedBase(isControlPlane: boolean, generation: Generation): ConfigFile {
  const documents = [
    ...(generation.startsWith('native') ? nativeBase(isControlPlane) : [olderBase(isControlPlane)]),
    ...(generation.endsWith('hostname') ? [{ apiVersion: 'v1alpha1', kind: 'HostnameConfig', auto: 'stable' }] : []),
  ]
  // JSON is YAML.
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n')
  return { path: GENERATED, bytes: Buffer.from(`${text}\n`) }
}

function olderBase(isControlPlane: boolean): object {
  const pair = { crt: SECRET, key: isControlPlane ? SECRET : '' }
  return {
    version: 'v1alpha1',
    machine: machineOf(isControlPlane, { diskQuotaSupport: true, kubePrism: { enabled: true, port: 7445 } }),
    cluster: {
      id: SECRET,
      secret: SECRET,
      controlPlane: { endpoint: ENDPOINT },
      clusterName: 'generated',
      network: { dnsDomain: 'cluster.local', ...SUBNETS },
      token: TOKEN,
      ca: pair,
      discovery: { enabled: true, registries: { kubernetes: { disabled: true }, service: {} } },
      ...(isControlPlane && {
        secretboxEncryptionSecret: SECRET,
        aggregatorCA: pair,
        serviceAccount: { key: SECRET },
        etcd: { ca: pair },
      }),
    },
  }
}

function nativeBase(isControlPlane: boolean): readonly object[] {
  const pair = { crt: SECRET, key: SECRET }
  const issuingCA = { cert: PEM, key: PEM }
  return [
    {
      version: 'v1alpha1',
      machine: machineOf(isControlPlane, { diskQuotaSupport: true }),
      cluster: { token: TOKEN, ...(isControlPlane && { etcd: { ca: pair } }) },
    },
    { kind: 'DiscoveryServiceConfig', name: 'default', endpoint: 'https://discovery.talos.dev/' },
    { kind: 'DiscoveryIdentityConfig', clusterID: SECRET, clusterSecret: SECRET },
    { kind: 'KubeClusterConfig', clusterName: 'generated', endpoint: ENDPOINT },
    { kind: 'KubeNodeConfig', nodeIP: {} },
    { kind: 'KubeNetworkConfig', dnsDomain: 'cluster.local', ...SUBNETS },
    { kind: 'KubePrismConfig', port: 7445 },
    ...(isControlPlane
      ? [
          { kind: 'KubeAPIServerCAConfig', issuingCA },
          { kind: 'KubeAggregatorCAConfig', issuingCA },
          { kind: 'KubeServiceAccountConfig', issuer: { privateKey: PEM, issuerURL: ENDPOINT } },
          { kind: 'KubeProxyConfig', image: 'registry.k8s.io/kube-proxy:v1.34.1' },
          { kind: 'KubeFlannelCNIConfig', backendType: 'vxlan', backendPort: 4789 },
        ]
      : []),
  ].map((document) => ('kind' in document ? { apiVersion: 'v1alpha1', ...document } : document))
}

function machineOf(isControlPlane: boolean, features: object): object {
  return {
    type: isControlPlane ? 'controlplane' : 'worker',
    token: TOKEN,
    ca: { crt: SECRET, key: isControlPlane ? SECRET : '' },
    features,
  }
}
