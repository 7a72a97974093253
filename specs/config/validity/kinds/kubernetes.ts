// Kubernetes' components, since 1.14: siderolabs/talos pkg/machinery/config/types/k8s.
import { isAddress, isPrefix } from '#harness/machine-config/go/formats.ts'
import { named, oneOf, required, type Checks, type Fail, type Subject } from '../check.ts'
import { checkAnnotations, checkLabels, checkTaints, isSubdomain } from '../names.ts'
import { checkCertificateAndKey, checkCertificates, checkKey } from '../pem.ts'
import type { View } from '../view.ts'
import { checkKubernetesNetwork } from './kubernetes-network.ts'

/** pkg/machinery/kubelet/kubelet.go, ProtectedConfigurationFields. */
const PROTECTED = [
  'apiVersion',
  'authentication',
  'authorization',
  'cgroupRoot',
  'kind',
  'kubeletCgroups',
  'port',
  'protectKernelDefaults',
  'resolvConf',
  'rotateCertificates',
  'systemCgroups',
  'staticPodPath',
  'seccompDefault',
]
/** apiserver.go, deniedArgPrefixes. */
const DENIED = [
  'anonymous-auth',
  'oidc-',
  'authentication-config',
  'authorization-config',
  'authorization-mode',
  'authorization-webhook-',
]
/** pkg/machinery/role/role.go. */
const ROLES = ['admin', 'operator', 'reader', 'etcd:backup', 'image:verifier', 'meta:writer', 'impersonator'].map(
  (role) => `os:${role}`,
)

export function checkProtectedFields(config: View, fail: Fail): void {
  for (const [name, view] of config.entries)
    if (PROTECTED.includes(name)) fail(view, 'is set by Talos and cannot be overridden')
}

/** common.go: what pods may ask for. */
export function checkResources(resources: View, fail: Fail): void {
  for (const part of ['requests', 'limits'])
    for (const [name, view] of resources.get(part).entries)
      if (name !== 'cpu' && name !== 'memory')
        fail(view, 'is no resource of a pod that Talos sets', { expected: 'cpu, memory' })
}

/** `!` excludes; an address means itself. */
export function checkSubnets(subnets: View, fail: Fail): void {
  for (const subnet of subnets.items) {
    const text = subnet.text.replace(/^!/, '')
    if (!isAddress(text) && !isPrefix(text)) fail(subnet, 'is no subnet', { got: subnet.text })
  }
}

export function checkRoles(roles: View, minor: number, fail: Fail): void {
  const known = minor >= 13 ? ROLES : ROLES.filter((role) => !/image|meta/.test(role))
  for (const role of roles.items)
    if (!known.includes(role.text)) fail(role, 'is no role of Talos', { expected: known.join(', '), got: role.text })
}

function component({ doc, fail }: Subject): void {
  if (doc.get('enabled').isFalse) return
  if (!doc.get('image').isText) fail(doc.get('image'), 'is required')
  checkResources(doc.get('resources'), fail)
}

function subdomainName({ doc, fail }: Subject): void {
  const name = doc.get('name')
  if (!name.isText) fail(name, 'is required')
  else if (!isSubdomain(name.text)) fail(name, 'is no name of an object of Kubernetes', { got: name.text })
}

function authority({ doc, fail }: Subject): void {
  checkCertificateAndKey(doc.get('issuingCA'), fail, true)
  for (const ca of doc.get('acceptedCAs').items) checkCertificates(ca, fail)
}

/** github.com/siderolabs/net v0.4.0, ValidateEndpointURI. */
export function checkEndpoint(view: View, fail: Fail): void {
  const { url } = view
  const refuse = (expected: string): void => fail(view, 'is no endpoint', { expected, got: view.text })
  if (url === undefined) refuse('a URL')
  else if (url.host.split(':').length > 3 && !/\[.*\]/.test(url.host)) refuse('brackets around an IPv6 address')
  else if (url.hostname === '') refuse('a URL with a host')
  else if (url.port !== '' && (Number(url.port) < 1 || Number(url.port) > 65535)) refuse('a port of 1 to 65535')
}

export const KUBERNETES_CHECKS: Checks = {
  // admission_control.go
  KubeAdmissionControlConfig: named,
  // aggregator_ca.go
  KubeAggregatorCAConfig: (subject) => {
    if (!subject.doc.get('issuingCA').isSet) subject.fail(subject.doc.get('issuingCA'), 'is required')
    authority(subject)
  },
  // apiserver.go
  KubeAPIServerConfig: ({ doc, fail }) => {
    if (!doc.get('image').isText) fail(doc.get('image'), 'is required')
    for (const [name, view] of doc.get('extraArgs').entries)
      if (DENIED.some((prefix) => name.startsWith(prefix)))
        fail(view, 'is no argument that may be set here', {
          expected: 'KubeAuthenticationConfig or KubeAuthorizerConfig',
        })
    checkResources(doc.get('resources'), fail)
  },
  // apiserver_ca.go
  KubeAPIServerCAConfig: authority,
  // authorization.go
  KubeAuthorizerConfig: (subject) => {
    const { doc, fail } = subject
    required(subject, 'name')
    oneOf(fail, doc.get('type'), ['Node', 'RBAC', 'Webhook'])
    if (doc.get('type').text === 'Webhook' && doc.get('webhook').size === 0)
      fail(doc.get('webhook'), 'is required for a webhook')
  },
  // cluster.go
  KubeClusterConfig: (subject) => {
    required(subject, 'clusterName')
    const endpoint = subject.doc.get('endpoint')
    if (!endpoint.isText) subject.fail(endpoint, 'is required')
    else checkEndpoint(endpoint, subject.fail)
  },
  // controller_manager.go
  KubeControllerManagerConfig: component,
  // etcd_encryption.go
  KubeEtcdEncryptionConfig: ({ doc, fail }) => {
    if (doc.get('config').size === 0) fail(doc.get('config'), 'is required')
  },
  // external_manifest.go
  KubeExternalManifestConfig: (subject) => {
    subdomainName(subject)
    const url = subject.doc.get('url')
    if (!url.isText) subject.fail(url, 'is required')
    else if (!['http', 'https'].includes(url.url?.scheme ?? ''))
      subject.fail(url, 'is no URL of a manifest', { expected: 'http:// or https://', got: url.text })
  },
  // flannel.go
  KubeFlannelCNIConfig: (subject) => {
    required(subject, 'backendType')
    checkResources(subject.doc.get('resources'), subject.fail)
  },
  // inline_manifest.go
  KubeInlineManifestConfig: subdomainName,
  // kubelet.go
  KubeletConfig: ({ doc, fail }) => {
    if (!doc.get('image').isText) fail(doc.get('image'), 'is required')
    checkProtectedFields(doc.get('config'), fail)
  },
  // kubeprism.go
  KubePrismConfig: ({ doc, fail }) => {
    const port = doc.get('port')
    if (port.number <= 0 || port.number > 65535)
      fail(port, 'is no port', { expected: '1 to 65535', got: port.text || 'none' })
  },
  KubeNetworkConfig: checkKubernetesNetwork,
  // node.go
  KubeNodeConfig: ({ doc, fail }) => {
    checkSubnets(doc.get('nodeIP', 'validSubnets'), fail)
    checkLabels(doc.get('labels'), fail)
    checkAnnotations(doc.get('annotations'), fail)
    checkTaints(doc.get('taints'), fail)
  },
  // proxy.go
  KubeProxyConfig: (subject) => {
    if (subject.doc.get('enabled').isFalse) return
    component(subject)
    oneOf(subject.fail, subject.doc.get('mode'), ['', 'nftables', 'iptables', 'ipvs'])
  },
  // scheduler.go
  KubeSchedulerConfig: component,
  // service_account.go
  KubeServiceAccountConfig: ({ doc, fail }) => {
    const key = doc.get('issuer', 'privateKey')
    if (!key.isText) fail(key, 'is required')
    else checkKey(key, fail)
    if (!doc.get('issuer', 'issuerURL').isText) fail(doc.get('issuer', 'issuerURL'), 'is required')
  },
  // static_pod.go
  KubeStaticPodConfig: (subject) => {
    subdomainName(subject)
    if (subject.doc.get('pod').size === 0) subject.fail(subject.doc.get('pod'), 'is required')
  },
  // talos_api_access.go
  KubeTalosAPIAccessConfig: ({ doc, minor, fail }) => checkRoles(doc.get('allowedRoles'), minor, fail),
}
