// The nodes of a project against each other: siderolabs/talos machine.install.image, machine.network and HostnameConfig;
// cozystack/talm v0.33.1 charts/cozystack/values.yaml (one image for all nodes) and pkg/commands/upgrade.go.
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeGatewayCount, judgeGatewayImages, judgeUnique, judgeVersions } from './project.ts'

test(
  ...must('CFG-060', 'the nodes that install the gateway variant are exactly the gateways that the contract declares', {
    targets: ['config'],
    scope: 'project',
    needs: ['CFG-063'],
    fix: 'give the configurations of all nodes, and set gateways of the contract to those that there are to be',
  }),
  async ({ across }) => {
    across(judgeGatewayCount).toEqual([])
  },
)

test(
  ...must('CFG-061', 'all nodes install one version of Talos', {
    targets: ['config'],
    scope: 'project',
    fix: 'name images of one version in all configurations: a cluster is upgraded node by node, and to one version',
  }),
  async ({ across }) => {
    across(judgeVersions).toEqual([])
  },
)

test(
  ...must('CFG-062', 'every node has a hostname and addresses of its own', {
    targets: ['config'],
    scope: 'project',
    fix: 'give each node its own: of two nodes with one hostname Kubernetes sees one, two with one address reach neither',
  }),
  async ({ across }) => {
    across(judgeUnique).toEqual([])
  },
)

test(
  ...must('CFG-063', 'a node that is a gateway by its name or its extension services installs the image of a gateway', {
    targets: ['config'],
    scope: 'project',
    fix: 'give that node an install image of its own: `talm upgrade` takes the one image of values.yaml for every node',
  }),
  async ({ across }) => {
    across(judgeGatewayImages).toEqual([])
  },
)
