// The document of `machine:` and `cluster:`: siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_validation.go,
// in metal mode.
import { isPrefix } from '#harness/machine-config/go/formats.ts'
import type { Check, Subject } from '../check.ts'
import { checkAnnotations, checkLabels, checkTaints } from '../names.ts'
import { checkRuntimeSpec } from '../runtime-spec.ts'
import { checkProtectedFields, checkRoles, checkSubnets } from '../kinds/kubernetes.ts'
import { KUBESPAN_MTU } from '../kinds/network.ts'
import type { View } from '../view.ts'
import { checkCluster } from './cluster.ts'
import { checkDevices } from './devices.ts'

/** machine/machine.go, ParseType. */
const CONTROL_PLANES = ['init', 'controlplane']
const WORKERS = ['worker', 'join', '']

export function isControlPlane(main: View): boolean {
  return main.get('machine').isSet && CONTROL_PLANES.includes(main.get('machine', 'type').text)
}

export const checkMain: Check = (subject) => {
  const { doc, fail } = subject
  const machine = doc.get('machine')
  if (!machine.isSet) {
    fail(machine, 'is required')
    return
  }
  checkCluster(subject, isControlPlane(doc))
  checkInstall(subject)
  const hostDns = machine.get('features', 'hostDNS')
  if (hostDns.get('forwardKubeDNSToHost').isTrue && !hostDns.get('enabled').isTrue && subject.minor >= 13)
    fail(hostDns.get('forwardKubeDNSToHost'), 'needs hostDNS.enabled')
  checkAuthority(subject)
  checkDevices(subject, WORKERS.includes(machine.get('type').text))
  checkKubeSpan(subject)
  checkDisks(subject)
  checkRegistries(subject)
  checkKubelet(subject)
  checkEncryption(subject)
  checkLogging(machine.get('logging', 'destinations'), fail)
  checkLabels(machine.get('nodeLabels'), fail)
  checkAnnotations(machine.get('nodeAnnotations'), fail)
  checkTaints(machine.get('nodeTaints'), fail)
  checkFeatures(subject)
  if (doc.get('persist').isFalse) fail(doc.get('persist'), 'cannot be off')
  checkRuntimeSpec(machine.get('baseRuntimeSpecOverrides'), fail)
}

function checkInstall({ doc, minor, fail }: Subject): void {
  const install = doc.get('machine', 'install')
  if (!install.isSet) {
    if (minor < 14) fail(install, 'is required')
    return
  }
  const [disk, selector] = [install.get('disk'), install.get('diskSelector')]
  if (!disk.isText && !selector.isSet) fail(disk, 'is required, or diskSelector')
  if (selector.get('name').isText) fail(selector.get('name'), 'is no longer a way to select a disk')
  const type = selector.get('type')
  if (type.isText && !['nvme', 'sd', 'hdd', 'ssd'].includes(type.text))
    fail(type, 'is no type of a disk', { expected: 'nvme, sd, hdd, ssd', got: type.text })
  if (minor >= 12 && install.get('extraKernelArgs').size > 0 && install.get('grubUseUKICmdline').isTrue)
    fail(install.get('extraKernelArgs'), 'cannot be set beside grubUseUKICmdline')
  const images = new Set<string>()
  for (const extension of install.get('extensions').items) {
    const image = extension.get('image')
    if (images.has(image.text)) fail(image, 'is there twice', { got: image.text })
    images.add(image.text)
  }
}

/** The certificate authority of Talos' API, by the role of the machine. */
function checkAuthority({ doc, fail }: Subject): void {
  const machine = doc.get('machine')
  const [ca, accepted, type] = [machine.get('ca'), machine.get('acceptedCAs'), machine.get('type')]
  if (!ca.isSet && accepted.size === 0) fail(ca, 'is required, or acceptedCAs')
  if (CONTROL_PLANES.includes(type.text)) {
    if (!ca.isSet) fail(ca, 'is required')
    else if (!ca.get('key').isText)
      fail(type.at.path === ca.at.path ? ca.get('key') : type, 'needs machine.ca.key on a control plane')
  } else if (WORKERS.includes(type.text)) {
    if (!ca.isSet) return
    if (ca.get('key').isText) fail(ca.get('key'), 'is not for workers')
    if (!ca.get('crt').isText && accepted.size === 0) fail(ca.get('crt'), 'is required, or acceptedCAs')
    const cluster = doc.get('cluster', 'ca', 'key')
    if (cluster.isText) fail(cluster, 'is not for workers')
  } else fail(type, 'is no type of a machine', { expected: 'controlplane, worker', got: type.text })
}

function checkKubeSpan({ doc, minor, fail }: Subject): void {
  const span = doc.get('machine', 'network', 'kubespan')
  if (!span.get('enabled').isTrue) return
  const mtu = span.get('mtu')
  if (mtu.isSet && mtu.number !== 0 && mtu.number < KUBESPAN_MTU)
    fail(mtu, 'is too small', { expected: `at least ${KUBESPAN_MTU}`, got: mtu.text })
  checkSubnets(span.get('filters', 'endpoints'), fail)
  if (minor >= 12)
    for (const prefix of span.get('filters', 'excludeAdvertisedNetworks').items)
      if (!isPrefix(prefix.text)) fail(prefix, 'is no prefix of addresses', { got: prefix.text })
  if (minor >= 14) return
  const cluster = doc.get('cluster')
  if (!cluster.get('discovery', 'enabled').isTrue) fail(span, 'needs cluster.discovery.enabled')
  for (const key of ['id', 'secret']) if (!cluster.get(key).isText) fail(span, `needs cluster.${key}`)
}

function checkDisks({ doc, fail }: Subject): void {
  for (const disk of doc.get('machine', 'disks').items) {
    if (disk.isNull) fail(disk, 'is null')
    const partitions = disk.get('partitions').items
    for (const partition of partitions) if (partition.isNull) fail(partition, 'is null, which Talos does not survive')
    for (const partition of partitions.slice(0, -1))
      if (/^0*(\.0*)?\s*[a-z]*$/i.test(partition.get('size').text))
        fail(partition.get('size'), 'is missing: only the last partition takes the rest of the disk')
  }
}

function checkRegistries({ doc, fail }: Subject): void {
  for (const key of ['config', 'mirrors'])
    for (const [, registry] of doc.get('machine', 'registries', key).entries)
      if (registry.isNull) fail(registry, 'is null')
}

function checkKubelet({ doc, fail }: Subject): void {
  const kubelet = doc.get('machine', 'kubelet')
  checkSubnets(kubelet.get('nodeIP', 'validSubnets'), fail)
  checkProtectedFields(kubelet.get('extraConfig'), fail)
}

function checkEncryption({ doc, fail }: Subject): void {
  for (const label of ['state', 'ephemeral']) {
    const encryption = doc.get('machine', 'systemDiskEncryption', label)
    if (!encryption.isSet) continue
    const keys = encryption.get('keys')
    if (keys.size === 0) fail(keys, 'are required')
    const slots = new Set<number>()
    for (const key of keys.items) {
      const slot = key.get('slot')
      if (slots.has(slot.number)) fail(slot.isSet ? slot : key, `names the slot ${slot.number} twice`)
      slots.add(slot.number)
      if (!['nodeID', 'static', 'kms', 'tpm'].some((kind) => key.get(kind).isSet))
        fail(key, 'names no kind of key', { expected: 'one of nodeID, static, kms, tpm' })
    }
  }
}

/** v1alpha1_logging.go. */
function checkLogging(destinations: View, fail: Subject['fail']): void {
  for (const destination of destinations.items) {
    const [endpoint, format] = [destination.get('endpoint'), destination.get('format')]
    if (!endpoint.isSet) fail(endpoint, 'is required')
    else if (endpoint.url?.host === '' || !['tcp', 'udp'].includes(endpoint.url?.scheme ?? ''))
      fail(endpoint, 'is no endpoint for logs', { expected: 'tcp:// or udp:// and a host', got: endpoint.text })
    if (format.text !== 'json_lines')
      fail(format, 'is no format of logs', { expected: 'json_lines', got: format.text || 'none' })
  }
}

function checkFeatures({ doc, minor, fail }: Subject): void {
  const features = doc.get('machine', 'features')
  const access = features.get('kubernetesTalosAPIAccess')
  if (access.get('enabled').isTrue) {
    if (minor === 11 && !features.get('rbac').isTrue)
      fail(features.get('rbac'), 'is needed by kubernetesTalosAPIAccess')
    if (!isControlPlane(doc)) fail(access.get('enabled'), 'is for control planes only')
    checkRoles(access.get('allowedRoles'), minor, fail)
  }
  const sort = features.get('nodeAddressSortAlgorithm')
  if (sort.isText && !['v1', 'v2'].includes(sort.word))
    fail(sort, 'is no way to sort addresses', { expected: 'v1, v2', got: sort.text })
}
