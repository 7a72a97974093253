// The settings that CozyStack's preset adds to a node, and those of control planes alone: cozystack/talm v0.33.1
// charts/cozystack/{values.yaml,templates/_helpers.tpl} (CFG-050, CFG-051, CFG-052).

type Fields = Readonly<Record<string, unknown>>

const SYSCTLS = {
  'net.ipv4.neigh.default.gc_thresh1': '4096',
  'net.ipv4.neigh.default.gc_thresh2': '8192',
  'net.ipv4.neigh.default.gc_thresh3': '16384',
  'net.ipv4.tcp_orphan_retries': '3',
  'net.ipv4.tcp_fin_timeout': '30',
  'net.core.netdev_max_backlog': '5000',
  'net.core.netdev_budget': '600',
  'net.core.netdev_budget_usecs': '8000',
}
const KUBELET = { maxPods: 512 }
/** Modules beside those that the contract promises of the variant. */
export const PRESET_MODULES = ['vfio_pci', 'vfio_iommu_type1']
const DOMAIN = { dnsDomain: 'cozy.local' }
const SANS = ['127.0.0.1']
const MIRRORED = 'docker.io'
const MIRROR = 'https://mirror.gcr.io'
const LVM = {
  path: '/etc/lvm/lvm.conf',
  op: 'overwrite',
  permissions: 0o644,
  content: `backup {
  backup = 0
  archive = 0
}
devices {
  global_filter = [ "r|^/dev/drbd.*|", "r|^/dev/dm-.*|", "r|^/dev/zd.*|" ]
}
`,
}
const CRI = `[plugins."io.containerd.cri.v1.runtime"]
  device_ownership_from_security_context = true
`

/** Fields of `machine` and `cluster`, up to 1.13. */
export function presetUntil113(isControlPlane: boolean): {
  readonly machine: Fields
  readonly kubelet: Fields
  readonly cluster: Fields
} {
  return {
    machine: {
      certSANs: SANS,
      sysctls: SYSCTLS,
      registries: { mirrors: { [MIRRORED]: { endpoints: [MIRROR] } } },
      files: [{ path: '/etc/cri/conf.d/20-customization.part', op: 'create', permissions: 0, content: CRI }, LVM],
    },
    kubelet: { extraConfig: KUBELET },
    cluster: {
      network: { ...DOMAIN, ...(isControlPlane && { cni: { name: 'none' } }) },
      ...(isControlPlane && {
        proxy: { disabled: true },
        discovery: { enabled: false },
        apiServer: { certSANs: SANS },
      }),
    },
  }
}

/** Kinds and their fields since 1.14; '' for the document without a kind. */
export function presetSince114(isControlPlane: boolean): readonly (readonly [kind: string, fields: Fields])[] {
  return [
    ['', { machine: { certSANs: SANS, files: [LVM] } }],
    ['SysctlConfig', { params: SYSCTLS }],
    ['RegistryMirrorConfig', { name: MIRRORED, endpoints: [{ url: MIRROR }] }],
    ['CRICustomizationConfig', { name: 'cozystack', content: CRI }],
    ['KubeletConfig', { config: KUBELET }],
    ['KubeNetworkConfig', DOMAIN],
    ...(isControlPlane ? CONTROL_PLANE : []),
  ]
}

/** Without KubeFlannelCNIConfig and DiscoveryServiceConfig, which the generator writes, Talos has neither. */
const CONTROL_PLANE: readonly (readonly [kind: string, fields: Fields])[] = [
  ['KubeFlannelCNIConfig', { $patch: 'delete' }],
  ['KubeProxyConfig', { enabled: false }],
  ['DiscoveryServiceConfig', { name: 'default', $patch: 'delete' }],
  ['KubeAPIServerConfig', { certExtraSANs: SANS }],
]
