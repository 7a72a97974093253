// The settings that CozyStack's preset adds to a node: cozystack/talm v0.33.1 charts/cozystack/templates/_helpers.tpl (CFG-051).

type Fields = Readonly<Record<string, unknown>>

const SYSCTLS = {
  'net.ipv4.neigh.default.gc_thresh1': '4096',
  'net.ipv4.neigh.default.gc_thresh2': '8192',
  'net.ipv4.neigh.default.gc_thresh3': '16384',
}
const CERT_SANS = ['127.0.0.1']
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

/** Fields of `machine`, up to 1.13. */
export function presetOfMachine(): Fields {
  return {
    certSANs: CERT_SANS,
    sysctls: SYSCTLS,
    registries: { mirrors: { [MIRRORED]: { endpoints: [MIRROR] } } },
    files: [{ path: '/etc/cri/conf.d/20-customization.part', op: 'create', permissions: 0, content: CRI }, LVM],
  }
}

/** Kinds and their fields since 1.14; '' for the document without a kind. */
export function presetDocuments(): readonly (readonly [kind: string, fields: Fields])[] {
  return [
    ['', { machine: { certSANs: CERT_SANS, files: [LVM] } }],
    ['SysctlConfig', { params: SYSCTLS }],
    ['RegistryMirrorConfig', { name: MIRRORED, endpoints: [{ url: MIRROR }] }],
    ['CRICustomizationConfig', { name: 'cozystack', content: CRI }],
  ]
}
