// Networks that tailscale would take over: it drops what comes from 100.64.0.0/10 on another device, and its own
// addresses are in there and in fd7a:115c:a1e0::/48 (tailscale/tailscale#12829; siderolabs/extensions#626).
import { should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeNetworks, judgeOverlaps } from './rules/networks.ts'

test(
  ...should('CFG-007', 'no network of the cluster overlaps 100.64.0.0/10 or fd7a:115c:a1e0::/48 on a gateway', {
    targets: ['config'],
    needs: ['CFG-064'],
    only: { role: 'gateway' },
    fix: 'move the network: pod and service subnets in the configuration, the join network in CozyStack and then in the contract',
  }),
  async ({ findings }) => {
    findings(judgeNetworks).toEqual([])
  },
)

test(
  ...should('CFG-032', 'the networks of nodes, pods, services and the join network do not overlap one another', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'move one of the two networks: where both are routes, the more specific one takes the packets of the other',
  }),
  async ({ findings }) => {
    findings(judgeOverlaps).toEqual([])
  },
)
