// The addresses that kubelet and etcd take for the node's own: siderolabs/talos v1.11.6 to v1.14.0-rc.1
// internal/app/machined/pkg/controllers/{k8s/nodeip,k8s/nodeip_config,etcd/spec}.go, and FilterIPs of siderolabs/net v0.4.0
// (siderolabs/extensions#337, #1091; siderolabs/talos#7947).
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeEtcdAddress, judgeNodeAddress, judgeNodeAddressLeft } from './rules/addresses.ts'

test(
  ...should(
    'CFG-008',
    "a gateway pins the kubelet's node address to subnets without 100.64.0.0/10 and fd7a:115c:a1e0::/48",
    {
      targets: ['config'],
      needs: ['CFG-030'],
      only: { role: 'gateway' },
      fix: 'set nodeIP.validSubnets (machine.kubelet, or KubeNodeConfig) to the subnet of the nodes; exclusions come last',
    },
  ),
  async ({ findings }) => {
    findings(judgeNodeAddress).toEqual([])
  },
)

test(
  ...must(
    'CFG-030',
    'nodeIP.validSubnets leaves an address for the node: without one the kubelet never starts, the boot waits 70 minutes, then the node reboots',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'list the subnet of the nodes first, and behind it what of it is excluded (`!100.64.0.0/10`)',
    },
  ),
  async ({ findings }) => {
    findings(judgeNodeAddressLeft).toEqual([])
  },
)

test(
  ...should(
    'CFG-031',
    "a control plane that is a gateway pins etcd's advertised address to subnets without 100.64.0.0/10 and fd7a:115c:a1e0::/48",
    {
      targets: ['config'],
      needs: ['CFG-064'],
      only: { role: 'gateway' },
      fix: 'set cluster.etcd.advertisedSubnets to the subnet of the nodes: etcd that advertises an address of the tailnet finds no peer before tailscale is up, and tailscale starts after it',
    },
  ),
  async ({ findings }) => {
    findings(judgeEtcdAddress).toEqual([])
  },
)
