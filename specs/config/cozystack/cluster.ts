// CozyStack's requirements on a cluster: the preset of cozystack/talm v0.33.1 (charts/cozystack/templates/_helpers.tpl,
// values.yaml), hack/e2e-prepare-cluster.bats and packages/core/platform/values.yaml of cozystack/cozystack v1.6.2.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { isUnknown, placeOfAbsence, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

const DOMAIN = 'cozy.local'
/** Talos takes it where none is given. */
const DOMAIN_OF_TALOS = 'cluster.local'
const LOOPBACK = '127.0.0.1'

export const judgeCluster: ConfigJudge = (facts) => [
  ...domain(facts),
  // Both sources give the rest to control planes alone.
  ...(facts.isControlPlane ? [...discovery(facts), ...apiServer(facts)] : []),
]

function domain({ cluster, ...facts }: MachineConfigFacts): readonly ConfigFinding[] {
  const { dnsDomain } = cluster
  const value = dnsDomain?.value ?? DOMAIN_OF_TALOS
  const at = dnsDomain?.at ?? cluster.at ?? placeOfAbsence({ ...facts, cluster })
  if (value === DOMAIN || isUnknown(value)) return []
  // A domain of one's own is right where CozyStack is told of it, which no machine configuration says.
  if (value !== DOMAIN_OF_TALOS)
    return [
      {
        at,
        message: `the cluster is ${value}: give CozyStack the same as networking.clusterDomain of its values`,
        kind: 'note',
      },
    ]
  return [
    {
      at,
      message: 'services of CozyStack look for each other in another domain than that of the cluster',
      expected: `dnsDomain: ${DOMAIN}`,
      got: dnsDomain === undefined ? `none, and so ${DOMAIN_OF_TALOS}` : value,
    },
  ]
}

function discovery({ cluster: { discovery: given, discoveryAt } }: MachineConfigFacts): readonly ConfigFinding[] {
  const isOn = given !== undefined && /^(?:true|yes|on|y)$/i.test(given.value)
  const at = discoveryAt ?? (isOn ? given.at : undefined)
  return at === undefined
    ? []
    : [
        {
          at,
          message: 'the node announces itself to a discovery service, which CozyStack does not use',
          expected:
            discoveryAt === undefined ? 'cluster.discovery.enabled: false' : 'no document DiscoveryServiceConfig',
          got: given?.value ?? 'DiscoveryServiceConfig',
        },
      ]
}

function apiServer({ cluster, ...facts }: MachineConfigFacts): readonly ConfigFinding[] {
  const { apiServerSans } = cluster
  if (apiServerSans.some(({ value }) => value === LOOPBACK)) return []
  return [
    {
      at: apiServerSans[0]?.at ?? cluster.at ?? placeOfAbsence({ ...facts, cluster }),
      message: 'the certificate of kube-apiserver has no name for the loopback',
      expected: `${LOOPBACK} in cluster.apiServer.certSANs (1.14: certExtraSANs of KubeAPIServerConfig)`,
      got: apiServerSans.map(({ value }) => value).join(', ') || 'none',
    },
  ]
}
