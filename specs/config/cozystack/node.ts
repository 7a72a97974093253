// CozyStack's requirements on a node: the preset of cozystack/talm v0.33.1 (charts/cozystack/templates/_helpers.tpl)
// and hack/e2e-prepare-cluster.bats of cozystack/cozystack v1.6.2.
import { containerdPart } from '#harness/machine-config/containerd-part.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { isUnknown, placeOfAbsence, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

const RUNTIME = 'io.containerd.cri.v1.runtime'
const DEVICE_OWNERSHIP = 'device_ownership_from_security_context'
/** What the kernel is set to, and why: the table of neighbours, and the network under DRBD when its connections break. */
const SYSCTLS: readonly {
  readonly name: string
  readonly least?: number
  readonly most?: number
  readonly message: string
}[] = [
  ...Object.entries({ gc_thresh1: 4096, gc_thresh2: 8192, gc_thresh3: 16_384 }).map(([name, least]) => ({
    name: `net.ipv4.neigh.default.${name}`,
    least,
    message: 'the table of neighbours is too small for the pods of a cluster',
  })),
  ...Object.entries({ tcp_orphan_retries: 3, tcp_fin_timeout: 30 }).map(([name, most]) => ({
    name: `net.ipv4.${name}`,
    most,
    message: 'sockets of DRBD are kept for so long that its ports run out while connections are made again',
  })),
  ...Object.entries({ netdev_max_backlog: 5000, netdev_budget: 600, netdev_budget_usecs: 8000 }).map(
    ([name, least]) => ({
      name: `net.core.${name}`,
      least,
      message: 'packets of replication are dropped where they come all at once',
    }),
  ),
]
const PODS = 512
/** Modules for PCI devices of virtual machines, which arm64 has from Talos 1.11 on (hack/modules-arm64.txt). */
const PASSTHROUGH = ['vfio_pci', 'vfio_iommu_type1']
const LVM = '/etc/lvm/lvm.conf'
const LOOPBACK = '127.0.0.1'
const MIRRORED = 'docker.io'

/** Judges control planes, which alone make the manifests of both. */
export const judgeNetworking: ConfigJudge = (facts) => {
  if (!facts.isControlPlane) return []
  const { cni, proxyDisabled, flannelAt, proxyAt, inDocuments, at = facts.start } = facts.cluster
  const cniWrong = flannelAt ?? (inDocuments || cni?.value === 'none' ? undefined : (cni?.at ?? at))
  const proxyWrong =
    proxyAt ?? (inDocuments || isTrue(proxyDisabled?.value ?? '') ? undefined : (proxyDisabled?.at ?? at))
  return [
    ...found(
      cniWrong,
      'Talos installs a CNI of its own beside Kube-OVN and Cilium',
      'cluster.network.cni.name: none',
      cni?.value,
    ),
    ...found(
      proxyWrong,
      'Talos starts kube-proxy, whose place Cilium takes',
      'cluster.proxy.disabled: true',
      proxyDisabled?.value,
    ),
  ]
}

export const judgePreset: ConfigJudge = (facts) => {
  const at = placeOfAbsence(facts)
  return [
    ...containerd(facts),
    ...SYSCTLS.flatMap((setting) => sysctl(facts, setting)),
    ...pods(facts),
    ...PASSTHROUGH.flatMap((name) => passthrough(facts, name)),
    ...(facts.node.files.some(({ path }) => path?.value === LVM)
      ? []
      : found(
          at,
          'LVM of the host looks into the volumes of DRBD and ZFS',
          `${LVM} with a global_filter (op overwrite)`,
        )),
    ...(facts.cluster.certSans.some(({ value }) => value === LOOPBACK)
      ? []
      : found(
          at,
          'the certificate of the Talos API has no name for the loopback, through which talm comes',
          `${LOOPBACK} in machine.certSANs`,
        )),
    ...(facts.cluster.mirrors.some(({ value }) => value === MIRRORED)
      ? []
      : found(
          at,
          'images of docker.io are pulled past no mirror, and its limits stop the installation',
          `a mirror of ${MIRRORED}`,
        )),
  ]
}

function containerd({ node, ...facts }: MachineConfigFacts): readonly ConfigFinding[] {
  const isThere = node.criParts.some(({ value }) =>
    containerdPart(value).keys.some(({ plugin, key }) => plugin === RUNTIME && key === DEVICE_OWNERSHIP),
  )
  if (isThere) return []
  const at = node.criParts[0]?.at ?? placeOfAbsence({ ...facts, node })
  return found(
    at,
    'virtual machines cannot open their block devices',
    `${DEVICE_OWNERSHIP} = true under plugins."${RUNTIME}"`,
  )
}

function sysctl(
  facts: MachineConfigFacts,
  { name, least = 1, most = Infinity, message }: (typeof SYSCTLS)[number],
): readonly ConfigFinding[] {
  const given = facts.node.sysctls.findLast((one) => one.name.replaceAll('/', '.') === name)
  const value = Number(given?.value)
  // Another form than a number is for others to judge.
  if (given !== undefined && (!/^\d+$/.test(given.value) || (value >= least && value <= most))) return []
  return found(
    given?.at ?? facts.node.sysctls[0]?.nameAt ?? placeOfAbsence(facts),
    message,
    most === Infinity ? `${name}: "${least}" or more` : `${name}: "${most}" or less`,
    given?.value,
  )
}

function pods(facts: MachineConfigFacts): readonly ConfigFinding[] {
  const given = facts.node.kubeletConfig
    .flatMap((tree) => (tree.kind === 'map' ? tree.entries : []))
    .findLast(({ name }) => name === 'maxPods')
  const value = given?.value.kind === 'scalar' ? (given.value.value ?? '') : ''
  if (given !== undefined && (isUnknown(value) || Number(value) >= PODS)) return []
  return found(
    given?.value.at ?? placeOfAbsence(facts),
    'a node takes fewer pods than CozyStack and its tenants start',
    `maxPods: ${PODS} or more in the configuration of the kubelet`,
    given === undefined ? "none, and so the kubelet's 110" : value,
  )
}

function passthrough(facts: MachineConfigFacts, name: string): readonly ConfigFinding[] {
  if (facts.modules.some((module) => module.name.replaceAll('-', '_') === name)) return []
  return found(
    facts.modulesAt ?? placeOfAbsence(facts),
    'PCI devices cannot be passed to virtual machines',
    `module ${name} in machine.kernel.modules or as a KernelModuleConfig document`,
    facts.modules.map((module) => module.name).join(', ') || 'none',
  )
}

function found(
  at: ConfigFinding['at'] | undefined,
  message: string,
  expected: string,
  got = 'none',
): readonly ConfigFinding[] {
  return at === undefined ? [] : [{ at, message, expected, got }]
}

function isTrue(value: string): boolean {
  return /^(?:true|yes|on|y)$/i.test(value)
}
