// Documents that need one another: siderolabs/talos pkg/machinery/config/container/{validate,container_deps}.go, since
// 1.14.
import type { Fail } from './check.ts'
import { isControlPlane } from './v1alpha1/config.ts'
import type { View } from './view.ts'

export type Documents = {
  /** The v1alpha1 document; undefined where there is none. */
  readonly main: View | undefined
  readonly ofKind: (kind: string) => readonly View[]
}

export function checkCombinations(documents: Documents, fail: Fail): void {
  checkDns(documents, fail)
  checkDiscovery(documents, fail)
  checkKubernetes(documents, fail)
  checkContainers(documents.ofKind('ContainerConfig'), fail)
}

/** DNS over TLS or HTTPS goes through Talos' own resolver. */
function checkDns({ main, ofKind }: Documents, fail: Fail): void {
  const [resolver] = ofKind('ResolverConfig')
  const encrypted = resolver
    ?.get('nameservers')
    .items.find((server) => !['', 'do53'].includes(server.get('protocol').word))
  if (encrypted === undefined) return
  const own = resolver?.get('hostDNS', 'enabled').isTrue === true
  if (!own && main?.get('machine', 'features', 'hostDNS', 'enabled').isTrue !== true)
    fail(encrypted.get('protocol'), 'needs hostDNS.enabled', { got: encrypted.get('protocol').text })
}

function checkDiscovery({ main, ofKind }: Documents, fail: Fail): void {
  const legacy = main?.get('cluster', 'discovery')
  const isLegacy = legacy?.get('enabled').isTrue === true && !legacy.get('registries', 'service', 'disabled').isTrue
  const service = isLegacy ? legacy.get('enabled') : ofKind('DiscoveryServiceConfig')[0]?.get('name')
  const cluster = main?.get('cluster')
  const hasLegacyIdentity = cluster?.get('id').isText === true || cluster?.get('secret').isText === true
  const identity = hasLegacyIdentity ? cluster : ofKind('DiscoveryIdentityConfig')[0]
  if (service !== undefined) {
    const [id, secret] = hasLegacyIdentity ? ['id', 'secret'] : ['clusterID', 'clusterSecret']
    if (identity?.get(id ?? '').isText !== true || identity.get(secret ?? '').isText !== true)
      fail(service, 'needs the identity of the cluster', {
        expected: 'DiscoveryIdentityConfig, or cluster.id and cluster.secret',
      })
    return
  }
  const span = ofKind('KubeSpanConfig')[0] ?? main?.get('machine', 'network', 'kubespan')
  if (span?.get('enabled').isTrue === true)
    fail(
      span === main?.get('machine', 'network', 'kubespan') ? span : span.get('enabled'),
      'needs discovery of the cluster',
      {
        expected: 'DiscoveryServiceConfig, or cluster.discovery',
      },
    )
}

function checkKubernetes({ main, ofKind }: Documents, fail: Fail): void {
  const legacy = [main?.get('cluster', 'ca'), main?.get('cluster', 'acceptedCAs')].find((view) => view?.isSet)
  const authority = ofKind('KubeAPIServerCAConfig')[0] ?? legacy
  if (authority === undefined) return
  const place = authority === legacy ? legacy : authority.get('kind')
  const endpoint = main?.get('cluster', 'controlPlane', 'endpoint')
  if (ofKind('KubeClusterConfig').length === 0 && endpoint?.isSet !== true)
    fail(place, 'needs the name and endpoint of the cluster', {
      expected: 'KubeClusterConfig, or cluster.controlPlane.endpoint',
    })
  if (main === undefined || !isControlPlane(main)) return
  const secrets = ['secretboxEncryptionSecret', 'aescbcEncryptionSecret'].some((key) => main.get('cluster', key).isText)
  if (!secrets && ofKind('KubeEtcdEncryptionConfig').length === 0)
    fail(place, 'needs an encryption of etcd on a control plane', {
      expected: 'KubeEtcdEncryptionConfig, or cluster.secretboxEncryptionSecret',
    })
}

/** Containers wait for one another without a circle. */
function checkContainers(containers: readonly View[], fail: Fail): void {
  const byName = new Map(containers.map((container) => [container.get('name').text, container]))
  const done = new Set<string>()
  const visit = (name: string, open: readonly string[]): void => {
    if (done.has(name)) return
    for (const dependency of byName.get(name)?.get('dependsOn', 'containers').items ?? []) {
      if (!byName.has(dependency.text)) fail(dependency, 'is no container that is configured', { got: dependency.text })
      else if (dependency.text === name || open.includes(dependency.text))
        fail(dependency, 'waits for a container that waits for it', {
          got: [...open, name, dependency.text].join(' → '),
        })
      else visit(dependency.text, [...open, name])
    }
    done.add(name)
  }
  for (const name of byName.keys()) visit(name, [])
}
