// Rules of a running node: pure functions of what it says, which need no image.
import type { Location } from '#harness/errors.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import type { Contract, Variant } from '../../contract/contract.ts'
import type { Lock } from '../../contract/lock.ts'

export type NodeFinding = {
  readonly at: Location
  /** Lower-case clause. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
  /** `note`: worth knowing, nothing is wrong. `unknown`: cannot be judged, for the node was not asked. */
  readonly kind?: 'note' | 'unknown'
}

/** The verdict on the image that a node is to run, as a report has it. */
export type JudgedImage = {
  /** The report, for messages. */
  readonly path: string
  readonly isGreen: boolean
  /** The release that the image claims. */
  readonly talos?: string
  readonly extensions?: readonly {
    readonly name: string
    readonly version: string
    /** Absent where the verdict does not say. */
    readonly services?: readonly string[] | undefined
  }[]
}

export type NodeContext = {
  readonly variantName: string
  readonly variant: Variant
  readonly contract: Contract
  readonly lock?: Lock
  /** What the active machine configuration says; absent where it was not asked for. */
  readonly config?: MachineConfigFacts
  readonly judged?: JudgedImage
}

/** Violations of a rule on a running node. Called for the variants that the rule speaks about. */
export type NodeJudge = (node: ObservedNode, context: NodeContext) => readonly NodeFinding[]

export type ClusterNode = NodeContext & { readonly node: ObservedNode }

/** Violations of a rule across the nodes of a cluster, in the order in which they were asked; two at least. */
export type ClusterJudge = (nodes: readonly ClusterNode[], contract: Contract) => readonly NodeFinding[]

/** The finding for a fact that nobody asked for; `what` is a subject in the singular, `resource` that of talosctl. */
export function unasked({ address, start, ...facts }: ObservedNode, what: string, resource: string): NodeFinding {
  const isSilent = facts.talos === undefined && facts.services === undefined && facts.extensions === undefined
  const message = isSilent
    ? `${address} does not answer: nothing says ${what}`
    : `nothing says ${what} of ${address}: ask it with talosctl -n ${address} get ${resource} -o json`
  return { at: start, message, kind: 'unknown' }
}

/** Names without the virtual extensions, which are allowed and never demanded. */
export function isVirtual(name: string, { virtualExtensions }: Contract): boolean {
  return name === MODULES_INDEX || virtualExtensions.some((virtual) => virtual === name)
}

/** What imager appends where an extension has modules: siderolabs/talos pkg/imager/extensions/kernel_modules.go. */
const MODULES_INDEX = 'modules.dep'
