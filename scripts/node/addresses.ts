// The nodes that are asked: each once, however it is written.
import { isIPv6 } from 'node:net'
import { InvalidArgumentError } from 'commander'
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import { parseList } from '../cli/command-line.ts'

/** A name or an address; no option of talosctl. */
const NODE = /^[0-9A-Za-z[][0-9A-Za-z.:\]-]{0,252}$/
export const MAX_NODES = 1000

/** Parser of commander for `192.0.2.11,worker-2,2001:db8::1`: what stands there twice is taken once, as it stands first. */
export function parseNodes(text: string): readonly string[] {
  const nodes = parseList(text)
  if (nodes.length > MAX_NODES)
    throw new InvalidArgumentError(`expected at most ${MAX_NODES} nodes, got ${nodes.length}`)
  const byForm = new Map<string, string>()
  for (const node of nodes) {
    const form = canonicalForm(node)
    if (!byForm.has(form)) byForm.set(form, node)
  }
  return [...byForm.values()]
}

/** One text for all ways to write an address or a name. */
function canonicalForm(node: string): string {
  const address = node.replace(/^\[(.*)\]$/, '$1')
  if (isIPv6(address) && !address.includes('%')) return new URL(`http://[${address}]/`).hostname
  if (!NODE.test(node)) throw new InvalidArgumentError(`expected addresses or names, got ${JSON.stringify(node)}`)
  // siderolabs/talos internal/app/apid/pkg/backend/apid.go puts its own port behind what is given.
  if (/[:[\]]/.test(node))
    throw new InvalidArgumentError(
      `expected addresses or names without a port, got ${JSON.stringify(node)}: a port is for the endpoints in talosconfig`,
    )
  return node.toLowerCase().replace(/\.$/, '')
}

/** The nodes of which none is another one by another name; `say` hears of the others. */
export function distinctMachines(nodes: readonly ObservedNode[], say: (text: string) => void): readonly ObservedNode[] {
  const kept = new Map<string, ObservedNode>()
  for (const node of nodes) {
    const machine = machineOf(node) ?? `address ${node.address}`
    const first = kept.get(machine)
    if (first === undefined) kept.set(machine, node)
    else say(`${node.address} is the same node as ${first.address}, ${machine}: it is judged once, as ${first.address}`)
  }
  return [...kept.values()]
}

/** Addresses that no other machine has: neither loopback nor link-local ones. */
const SHARED = /^(?:127\.|169\.254\.|::1\/|fe[89ab][0-9a-f]:)/i

/** The hostname and the addresses of a node, which no two have; undefined where it does not say both. */
function machineOf({ hostname, addresses = [] }: ObservedNode): string | undefined {
  const own = addresses.map(({ link, address }) => `${address} on ${link}`).filter((text) => !SHARED.test(text))
  if (hostname === undefined || own.length === 0) return undefined
  return `${hostname} with ${own.toSorted().join(', ')}`
}
