// The cluster: siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_validation.go, ClusterConfig.Validate, and
// v1alpha1_{apiserver,controllermanager,scheduler}config.go.
import { parseGoUrl } from '#harness/machine-config/go/url.ts'
import type { Subject } from '../check.ts'
import { checkEndpoint, checkResources, checkSubnets } from '../kinds/kubernetes.ts'
import type { View } from '../view.ts'
import { checkCni } from './cni.ts'

const DNS_NAME = /^([a-zA-Z0-9_]{1}[a-zA-Z0-9_-]{0,62}){1}(\.[a-zA-Z0-9_]{1}[a-zA-Z0-9_-]{0,62})*[._]?$/

export function checkCluster(subject: Subject, isControlPlane: boolean): void {
  const { doc, minor, fail } = subject
  const cluster = doc.get('cluster')
  const controlPlane = cluster.get('controlPlane')
  const endpoint = controlPlane.get('endpoint')
  if (isControlPlane && (minor < 14 || cluster.get('network').isSet)) checkCni(subject)
  if (!cluster.isSet) {
    fail(cluster, 'is required')
    return
  }
  if (minor < 14 || controlPlane.isSet) {
    if (!endpoint.isSet) {
      fail(endpoint, 'is required')
      return
    }
    checkEndpoint(endpoint, fail)
  }
  if (minor >= 14 && cluster.get('serviceAccount').isSet && !endpoint.isSet)
    fail(cluster.get('serviceAccount'), 'needs cluster.controlPlane.endpoint')
  const domain = cluster.get('network', 'dnsDomain')
  if (domain.isText && (domain.text.replaceAll('.', '').length > 255 || !DNS_NAME.test(domain.text)))
    fail(domain, 'is no domain', { got: domain.text })
  checkCloudProvider(cluster.get('externalCloudProvider'), fail)
  const etcd = cluster.get('etcd')
  if (etcd.isSet && !isControlPlane) fail(etcd, 'is for control planes only')
  else if (etcd.isSet) checkEtcd(etcd, fail)
  const key = cluster.get('ca', 'key')
  if (key.isText && !isControlPlane && doc.get('machine', 'type').text === 'unknown') fail(key, 'is not for workers')
  checkManifests(cluster.get('inlineManifests'), fail)
  checkDiscovery(cluster, fail)
  checkComponents(cluster, fail)
}

function checkCloudProvider(provider: View, fail: Subject['fail']): void {
  const manifests = provider.get('manifests')
  if (!provider.isSet) return
  if (!provider.get('enabled').isTrue && manifests.size > 0) fail(manifests, 'are not for a provider that is off')
  else for (const manifest of manifests.items) checkEndpoint(manifest, fail)
}

function checkEtcd(etcd: View, fail: Subject['fail']): void {
  if (!etcd.get('ca').isSet) fail(etcd.get('ca'), 'is required')
  const [subnet, advertised, listen] = [etcd.get('subnet'), etcd.get('advertisedSubnets'), etcd.get('listenSubnets')]
  if (subnet.isText && advertised.size > 0) fail(subnet, 'cannot be set beside advertisedSubnets')
  if (advertised.size === 0 && subnet.isText) checkSubnet(subnet, fail)
  checkSubnets(advertised, fail)
  checkSubnets(listen, fail)
}

function checkSubnet(subnet: View, fail: Subject['fail']): void {
  const list = { items: [subnet] } as unknown as View
  checkSubnets(list, fail)
}

function checkManifests(manifests: View, fail: Subject['fail']): void {
  const names = new Set<string>()
  for (const manifest of manifests.items) {
    const name = manifest.get('name')
    if (name.text.trim() === '') fail(name, 'is required')
    else if (names.has(name.text)) fail(name, 'is there twice', { got: name.text })
    names.add(name.text)
  }
}

function checkDiscovery(cluster: View, fail: Subject['fail']): void {
  const discovery = cluster.get('discovery')
  const service = discovery.get('registries', 'service')
  if (!discovery.get('enabled').isTrue || service.get('disabled').isTrue) return
  const endpoint = service.get('endpoint')
  if (endpoint.isText) {
    const url = parseGoUrl(endpoint.text)
    // url.ParseRequestURI takes no relative path.
    if (url === undefined || (url.scheme === '' && !endpoint.text.startsWith('/')))
      fail(endpoint, 'is no URL of a discovery service', { got: endpoint.text })
    else if (!['', '/'].includes(url.path)) fail(endpoint, 'has a path', { expected: 'none', got: endpoint.text })
  }
  for (const key of ['id', 'secret'])
    if (!cluster.get(key).isText) fail(cluster.get(key), 'is required where discovery is on')
}

function checkComponents(cluster: View, fail: Subject['fail']): void {
  const server = cluster.get('apiServer')
  const authorizers = server.get('authorizationConfig')
  if (authorizers.isSet)
    for (const [name, view] of server.get('extraArgs').entries)
      if (name === 'authorization-mode' || name.startsWith('authorization-webhook-'))
        fail(view, 'cannot be set beside authorizationConfig')
  for (const authorizer of authorizers.items) {
    const type = authorizer.get('type')
    if (!['Node', 'RBAC', 'Webhook'].includes(type.text))
      fail(type, 'is no type of an authorizer', { expected: 'Node, RBAC, Webhook', got: type.text || 'none' })
    if (!authorizer.get('name').isText) fail(authorizer.get('name'), 'is required')
  }
  for (const name of ['apiServer', 'controllerManager', 'scheduler'])
    checkResources(cluster.get(name, 'resources'), fail)
}
