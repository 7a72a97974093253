// The arguments of `tailscale up`, which containerboot makes of the variables of the extension: tailscale.com
// cmd/tailscale/cli/up.go and cmd/containerboot/{settings,tailscaled}.go, v1.88.1 to v1.102.2 (tailscale/tailscale#16129,
// #11657, #14496, #14971, #18437).
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeArguments, judgeEffects, judgeRouting } from './rules/tailscale-arguments.ts'

test(
  ...must(
    'CFG-033',
    '`tailscale up` takes the arguments that its variables make: what it refuses restarts the service for ever',
    {
      targets: ['config'],
      needs: ['CFG-001'],
      only: { service: 'tailscale' },
      fix: 'give each flag once, by its variable or in TS_EXTRA_ARGS, and nothing but flags of `tailscale up`',
    },
  ),
  async ({ findings }) => {
    findings(judgeArguments).toEqual([])
  },
)

test(
  ...must(
    'CFG-034',
    "a gateway's tailscale lets packets through: shields are down and it writes the rules of netfilter",
    {
      targets: ['config'],
      needs: ['CFG-001', 'CFG-033'],
      only: { role: 'gateway', service: 'tailscale' },
      fix: 'take --shields-up and --netfilter-mode out of TS_EXTRA_ARGS',
    },
  ),
  async ({ findings }) => {
    findings(judgeRouting).toEqual([])
  },
)

test(
  ...should(
    'CFG-035',
    'what is set for tailscale has its effect: packets find back, flags count at every start, a variable is one that is read',
    {
      targets: ['config'],
      needs: ['CFG-001', 'CFG-033'],
      only: { service: 'tailscale' },
      fix: 'use TS_ROUTES and TS_HOSTNAME beside TS_AUTH_ONCE, leave SNAT on, and spell variables as the extension does',
    },
  ),
  async ({ findings }) => {
    findings(judgeEffects).toEqual([])
  },
)
