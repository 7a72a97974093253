// CozyStack's contract with its nodes, where the contract says `cozystack: true`: cozystack/talm v0.33.1
// charts/cozystack/templates/_helpers.tpl; cozystack/cozystack v1.6.2 hack/e2e-prepare-cluster.bats,
// docs/agents/contributing.md.
import { must, should } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeNetworking, judgePreset } from './node.ts'

test(
  ...must(
    'CFG-050',
    'a control plane of CozyStack has neither a CNI nor kube-proxy of Talos: else both compete with Kube-OVN and Cilium for the same pods',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { profile: 'cozystack' },
      fix: 'set cluster.network.cni.name to none and cluster.proxy.disabled to true (1.14: no KubeFlannelCNIConfig, KubeProxyConfig with enabled: false)',
    },
  ),
  async ({ findings }) => {
    findings(judgeNetworking).toEqual([])
  },
)

test(
  ...should(
    'CFG-051',
    "a node of CozyStack is set as its preset sets it: containerd's device ownership, the table of neighbours, LVM's filter, certificates, a mirror",
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { profile: 'cozystack' },
      fix: 'take the settings from the preset of talm; `talos-image patch` writes them',
    },
  ),
  async ({ findings }) => {
    findings(judgePreset).toEqual([])
  },
)
