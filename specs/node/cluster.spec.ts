// The nodes of a cluster against each other, by what they run: ExtensionStatuses and Versions of siderolabs/talos.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeGateways, judgeOneTalos } from './cluster.ts'

test(
  ...must('NODE-060', 'the nodes that run as gateways are exactly those that the contract declares', {
    targets: ['node'],
    scope: 'project',
    fix: 'ask all nodes of the cluster, and upgrade those that run the image of another variant',
  }),
  async ({ cluster }) => {
    cluster(judgeGateways).toEqual([])
  },
)

test(
  ...must('NODE-061', 'all nodes run one release of Talos', {
    targets: ['node'],
    scope: 'project',
    fix: 'upgrade the nodes that were left behind, or that were rolled back',
  }),
  async ({ cluster }) => {
    cluster(judgeOneTalos).toEqual([])
  },
)
