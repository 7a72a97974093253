// Tailscale as a subnet router, by the variables that its containerboot reads: tailscale/tailscale
// cmd/containerboot/{settings,tailscaled}.go; siderolabs/extensions network/tailscale.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeRoutes, judgeTunnel } from './rules/tailscale.ts'

test(
  ...must('CFG-005', "the routes that tailscale advertises cover the cluster's pod and service subnets", {
    targets: ['config'],
    needs: ['CFG-001', 'CFG-033'],
    only: { service: 'tailscale' },
    fix: 'set TS_ROUTES to all pod and service subnets of the cluster, with commas between',
  }),
  async ({ findings }) => {
    findings(judgeRoutes).toEqual([])
  },
)

test(
  ...must('CFG-009', "a gateway's tailscale runs with a tun device and keeps its state in /var/lib/tailscale", {
    targets: ['config'],
    needs: ['CFG-001'],
    only: { service: 'tailscale' },
    fix: 'leave TS_USERSPACE and TS_STATE_DIR out: the extension sets false and /var/lib/tailscale, which it mounts',
  }),
  async ({ findings }) => {
    findings(judgeTunnel).toEqual([])
  },
)
