// Networks that tailscale would take over: it drops what comes from 100.64.0.0/10 on another device, and its own
// address is in there too (tailscale/tailscale#12829; siderolabs/extensions#626, #1091).
import { should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeNetworks, judgeNodeAddress } from './rules/networks.ts'

test(
  ...should('CFG-007', 'no network of the cluster overlaps 100.64.0.0/10 on a gateway', {
    targets: ['config'],
    only: { role: 'gateway' },
    fix: 'move the network: pod and service subnets in the configuration, the join network in CozyStack and then in the contract',
  }),
  async ({ findings }) => {
    findings(judgeNetworks).toEqual([])
  },
)

test(
  ...should('CFG-008', "a gateway pins the kubelet's node address to subnets outside 100.64.0.0/10", {
    targets: ['config'],
    only: { role: 'gateway' },
    fix: 'set nodeIP.validSubnets (machine.kubelet, or KubeNodeConfig) to the subnet of the nodes',
  }),
  async ({ findings }) => {
    findings(judgeNodeAddress).toEqual([])
  },
)
