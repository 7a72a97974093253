// CozyStack's contract with its nodes, where the contract says `cozystack: true`: cozystack/talm v0.33.1
// charts/cozystack/{values.yaml,templates/_helpers.tpl}; cozystack/cozystack v1.6.2 hack/e2e-prepare-cluster.bats,
// packages/core/platform/values.yaml, docs/agents/contributing.md, which calls both the same contract.
import { must, should } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeCluster } from './cluster.ts'
import { judgeNetworking, judgePreset } from './node.ts'

test(
  ...must(
    'CFG-050',
    'a control plane of CozyStack has neither a CNI nor kube-proxy of Talos: else both compete with Kube-OVN and Cilium for the same pods',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { profile: 'cozystack' },
      fix: 'set cluster.network.cni.name to none and cluster.proxy.disabled to true (1.14: no KubeFlannelCNIConfig, KubeProxyConfig with enabled: false); `npx talos-image patch --control-plane` writes both',
    },
  ),
  async ({ findings }) => {
    findings(judgeNetworking).toEqual([])
  },
)

test(
  ...should(
    'CFG-051',
    "a node of CozyStack is set as its preset sets it: containerd's device ownership, settings of the network, 512 pods, modules for PCI devices, LVM's filter, the loopback in its certificate, a mirror",
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { profile: 'cozystack' },
      fix: 'take the settings from the preset of talm; `npx talos-image patch` writes them',
    },
  ),
  async ({ findings }) => {
    findings(judgePreset).toEqual([])
  },
)

test(
  ...should(
    'CFG-052',
    'a cluster of CozyStack is cozy.local, and its control planes use no discovery service and have the loopback in the certificate of kube-apiserver',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { profile: 'cozystack' },
      fix: 'take the settings from the preset of talm; `npx talos-image patch` writes them, those of control planes with --control-plane',
    },
  ),
  async ({ findings }) => {
    findings(judgeCluster).toEqual([])
  },
)
