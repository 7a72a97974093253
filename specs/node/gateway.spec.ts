// Gateways, and no other nodes, are in the tailnet: AddressStatuses and RouteStatuses of siderolabs/talos
// pkg/machinery/resources/network; tailscale.com wgengine/router for the routes.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeTailnet } from './gateway.ts'

test(
  ...must('NODE-030', 'gateways, and no other nodes, have tailscale0 with an address and routes of the tailnet', {
    targets: ['node'],
    needs: ['NODE-001', 'NODE-020'],
    fix: 'read `talosctl logs ext-tailscale`: the key may have expired; on a worker, upgrade it to the image without tailscale',
  }),
  async ({ observed }) => {
    observed(judgeTailnet).toEqual([])
  },
)
