// CozyStack's requirements on a node: the preset of cozystack/talm v0.33.1 (charts/cozystack/templates/_helpers.tpl)
// and hack/e2e-prepare-cluster.bats of cozystack/cozystack v1.6.2.
import { containerdPart } from '#harness/machine-config/containerd-part.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { placeOfAbsence, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

const RUNTIME = 'io.containerd.cri.v1.runtime'
const DEVICE_OWNERSHIP = 'device_ownership_from_security_context'
/** Sizes of the table of neighbours: each node and pod is one. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'net.ipv4.neigh.default.gc_thresh1': 4096,
  'net.ipv4.neigh.default.gc_thresh2': 8192,
  'net.ipv4.neigh.default.gc_thresh3': 16_384,
}
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
    ...Object.entries(SYSCTLS).flatMap(([name, least]) => sysctl(facts, name, least)),
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

function sysctl(facts: MachineConfigFacts, name: string, least: number): readonly ConfigFinding[] {
  const given = facts.node.sysctls.findLast((one) => one.name === name)
  if (given !== undefined && (Number(given.value) >= least || !/^\d+$/.test(given.value))) return []
  return found(
    given?.at ?? facts.node.sysctls[0]?.nameAt ?? placeOfAbsence(facts),
    'the table of neighbours is too small for the pods of a cluster',
    `${name}: "${least}" or more`,
    given?.value,
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
