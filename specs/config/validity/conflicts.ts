// Documents that say again what a field of v1alpha1 says: the V1Alpha1ConflictValidate methods of siderolabs/talos
// pkg/machinery/config/types, v1.12.7 to v1.14.1, and container.go of v1.11.6.
import { isAddress } from '#harness/machine-config/go/formats.ts'
import type { View } from './view.ts'

type Conflict = {
  readonly kind: string
  readonly since: number
  /** The path of the field in v1alpha1. */
  readonly field: string
  /** The condition of a conflict: the field is set, is not empty, or as the function decides. */
  readonly when?: 'set' | 'filled' | ((field: View, doc: View) => boolean)
}

const isTrue = (field: View): boolean => field.isTrue
/** A configuration that is enabled or says anything: what Go takes for another value than zero. */
const hasHostDns = (field: View, doc: View): boolean =>
  field.isSet && ['enabled', 'forwardKubeDNSToHost', 'resolveMemberNames'].some((key) => doc.get('hostDNS', key).isSet)
const encrypts =
  (label: string) =>
  (field: View, doc: View): boolean =>
    field.isSet && doc.get('name').text === label && !['', 'none'].includes(doc.get('encryption', 'provider').word)

/** Conflicts in the order in which upstream looks: the first that conflicts is reported. */
export const CONFLICTS: readonly Conflict[] = [
  { kind: 'VolumeConfig', since: 11, field: 'machine.systemDiskEncryption.state', when: encrypts('STATE') },
  { kind: 'VolumeConfig', since: 11, field: 'machine.systemDiskEncryption.ephemeral', when: encrypts('EPHEMERAL') },
  { kind: 'HostnameConfig', since: 12, field: 'machine.network.hostname', when: 'filled' },
  { kind: 'HostnameConfig', since: 12, field: 'machine.features.stableHostname', when: isTrue },
  { kind: 'ResolverConfig', since: 12, field: 'machine.network.searchDomains', when: 'set' },
  {
    kind: 'ResolverConfig',
    since: 12,
    field: 'machine.network.nameservers',
    when: (field) => field.texts.some(isAddress),
  },
  { kind: 'ResolverConfig', since: 12, field: 'machine.network.disableSearchDomain', when: isTrue },
  { kind: 'ResolverConfig', since: 14, field: 'machine.features.hostDNS', when: hasHostDns },
  { kind: 'TimeSyncConfig', since: 12, field: 'machine.time.disabled', when: isTrue },
  { kind: 'TimeSyncConfig', since: 12, field: 'machine.time.servers', when: 'filled' },
  { kind: 'TimeSyncConfig', since: 12, field: 'machine.time.bootTimeout', when: (field) => field.duration !== 0 },
  { kind: 'KubeSpanConfig', since: 13, field: 'machine.network.kubespan' },
  { kind: 'CRIBaseRuntimeSpecConfig', since: 14, field: 'machine.baseRuntimeSpecOverrides' },
  { kind: 'ImageCacheConfig', since: 14, field: 'machine.features.imageCache' },
  { kind: 'DiscoveryIdentityConfig', since: 14, field: 'cluster.id', when: 'filled' },
  { kind: 'DiscoveryIdentityConfig', since: 14, field: 'cluster.secret', when: 'filled' },
  { kind: 'DiscoveryServiceConfig', since: 14, field: 'cluster.discovery' },
  { kind: 'UnattendedInstallConfig', since: 14, field: 'machine.install' },
  { kind: 'KubeletConfig', since: 14, field: 'machine.kubelet' },
  { kind: 'KubeCredentialProviderConfig', since: 14, field: 'machine.kubelet' },
  { kind: 'KubeNodeConfig', since: 14, field: 'cluster.allowSchedulingOnControlPlanes' },
  { kind: 'KubeNodeConfig', since: 14, field: 'cluster.allowSchedulingOnMasters' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.kubelet.skipNodeRegistration' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.kubelet.registerWithFQDN' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.kubelet.nodeIP' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.nodeLabels' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.nodeAnnotations' },
  { kind: 'KubeNodeConfig', since: 14, field: 'machine.nodeTaints' },
  { kind: 'KubeClusterConfig', since: 14, field: 'cluster.clusterName', when: 'filled' },
  { kind: 'KubeClusterConfig', since: 14, field: 'cluster.controlPlane.endpoint' },
  { kind: 'KubeNetworkConfig', since: 14, field: 'cluster.network' },
  { kind: 'KubeFlannelCNIConfig', since: 14, field: 'cluster.network' },
  { kind: 'KubePrismConfig', since: 14, field: 'machine.features.kubePrism' },
  { kind: 'KubeProxyConfig', since: 14, field: 'cluster.proxy' },
  { kind: 'KubeCoreDNSConfig', since: 14, field: 'cluster.coreDNS' },
  { kind: 'KubeAPIServerConfig', since: 14, field: 'cluster.apiServer' },
  {
    kind: 'KubeAPIServerConfig',
    since: 14,
    field: 'cluster.controlPlane.localAPIServerPort',
    when: (field) => field.number !== 0,
  },
  { kind: 'KubeControllerManagerConfig', since: 14, field: 'cluster.controllerManager' },
  { kind: 'KubeControllerManagerConfig', since: 14, field: 'machine.controlPlane.controllerManager' },
  { kind: 'KubeSchedulerConfig', since: 14, field: 'cluster.scheduler' },
  { kind: 'KubeSchedulerConfig', since: 14, field: 'machine.controlPlane.scheduler' },
  { kind: 'KubeAdmissionControlConfig', since: 14, field: 'cluster.apiServer.admissionControl', when: 'filled' },
  { kind: 'KubeAuthorizerConfig', since: 14, field: 'cluster.apiServer.admissionControl', when: 'filled' },
  { kind: 'KubeAuditPolicyConfig', since: 14, field: 'cluster.apiServer.auditPolicy', when: 'filled' },
  { kind: 'KubeAggregatorCAConfig', since: 14, field: 'cluster.aggregatorCA' },
  { kind: 'KubeAPIServerCAConfig', since: 14, field: 'cluster.ca' },
  { kind: 'KubeServiceAccountConfig', since: 14, field: 'cluster.serviceAccount' },
  { kind: 'KubeEtcdEncryptionConfig', since: 14, field: 'cluster.secretboxEncryptionSecret', when: 'filled' },
  { kind: 'KubeEtcdEncryptionConfig', since: 14, field: 'cluster.aescbcEncryptionSecret', when: 'filled' },
  { kind: 'KubeTalosAPIAccessConfig', since: 14, field: 'machine.features.kubernetesTalosAPIAccess' },
]

/** Sections that a document takes the place of as a whole. */
const SECTIONS = ['machine.time', 'machine.systemDiskEncryption', 'machine.controlPlane']

/** The place of the conflict in v1alpha1: the section, where all of it would go, or the field. */
export function sectionOf({ field }: Conflict): string {
  return SECTIONS.find((section) => field.startsWith(`${section}.`)) ?? field
}

export function conflictsWith({ when = 'set' }: Conflict, field: View, doc: View): boolean {
  if (typeof when === 'function') return when(field, doc)
  return when === 'set' ? field.isSet : field.isText || field.size > 0
}
