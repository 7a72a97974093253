// The nodes of a cluster against each other.
import type { Contract } from '../contract/contract.ts'
import { unasked, type ClusterJudge, type ClusterNode } from '../support/node/rule.ts'

/** Extensions that every gateway variant has and no other variant. */
function markOf({ variants }: Contract): readonly string[] {
  const all = Object.values(variants)
  const [gateways, others] = [
    all.filter(({ role }) => role === 'gateway'),
    all.filter(({ role }) => role !== 'gateway'),
  ]
  const [first] = gateways
  return (first?.extensions ?? []).filter(
    (name) =>
      gateways.every(({ extensions }) => extensions.includes(name)) &&
      !others.some(({ extensions }) => extensions.includes(name)),
  )
}

/** `192.0.2.21 (gateway-1)`. */
function nameOf({ node, config }: ClusterNode): string {
  const hostname = node.hostname ?? config?.hostname?.value
  return hostname === undefined || hostname === node.address ? node.address : `${node.address} (${hostname})`
}

/** Judges the nodes that run as gateways, whatever their configurations say. */
export const judgeGateways: ClusterJudge = (nodes, contract) => {
  const mark = markOf(contract)
  const { count, names } = contract.gateways
  if (mark.length === 0) return []
  const silent = nodes.find(({ node }) => node.extensions === undefined)
  if (silent !== undefined) return [unasked(silent.node, 'which extensions run', 'extensions')]
  const runs = ({ node }: ClusterNode): boolean =>
    mark.every((name) => node.extensions?.some((one) => one.name === name) === true)
  const gateways = nodes.filter(runs)
  const at = (gateways.at(-1) ?? nodes[0])?.node
  if (at === undefined) return []
  const place = at.extensions?.find(({ name }) => mark.includes(name))?.at ?? at.start
  const got = gateways.map(nameOf).join(', ') || 'none'
  const uninvited = gateways.filter((one) => names.length > 0 && !names.includes(hostnameOf(one)))
  return [
    ...(gateways.length === count
      ? []
      : [
          {
            at: place,
            message: `${gateways.length} nodes run as gateways, with ${mark.join(', ')}`,
            expected: `${count}${names.length === 0 ? '' : `: ${names.join(', ')}`}`,
            got,
          },
        ]),
    ...uninvited.map((one) => ({
      at: place,
      message: `${nameOf(one)} runs as a gateway and is none of the contract`,
      expected: names.join(', '),
      got: hostnameOf(one) || 'no hostname',
    })),
  ]
}

function hostnameOf({ node, config }: ClusterNode): string {
  return node.hostname ?? config?.hostname?.value ?? ''
}

/** Judges the releases that run: a cluster is upgraded node by node, and to one. */
export const judgeOneTalos: ClusterJudge = (nodes) => {
  const silent = nodes.find(({ node }) => node.talos === undefined)
  if (silent !== undefined) return [unasked(silent.node, 'which Talos runs', 'versions')]
  const releases = [...new Set(nodes.map(({ node }) => node.talos?.value ?? ''))].toSorted()
  const byCount = releases.toSorted((a, b) => running(nodes, b).length - running(nodes, a).length)
  const [most, ...others] = byCount
  return others.flatMap((release) => {
    const [first] = running(nodes, release)
    const talos = first?.node.talos
    if (talos === undefined || most === undefined) return []
    const who = running(nodes, release).map(nameOf).join(', ')
    return [
      {
        at: talos.at,
        message: `${who} ${running(nodes, release).length === 1 ? 'runs' : 'run'} Talos ${release}, others ${most}`,
        expected: `one release: ${running(nodes, most).map(nameOf).join(', ')} with ${most}`,
        got: release,
      },
    ]
  })
}

function running(nodes: readonly ClusterNode[], release: string): readonly ClusterNode[] {
  return nodes.filter(({ node }) => node.talos?.value === release)
}
