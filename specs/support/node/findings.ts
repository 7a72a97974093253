// Findings of a rule on a running node or across a cluster; undecidable ones are an error of their own.
import { FormatError } from '#harness/errors.ts'
import type { ClusterJudge, ClusterNode, NodeFinding, NodeJudge } from './rule.ts'
import type { RunInput } from '../run.ts'

export type NodeFindings = {
  /** Violations of the rule. */
  readonly broken: readonly NodeFinding[]
  /** Notes, which break nothing. */
  readonly notes: readonly NodeFinding[]
}

/** FormatError `talosctl` UNSUPPORTED where nothing breaks the rule and the node was not asked for what it needs. */
export function findInNode(run: RunInput, key: string, judge: NodeJudge): NodeFindings {
  const { node, ...context } = nodeOf(run, key)
  return toFindings(judge(node, context))
}

/** The same across the nodes of a cluster. */
export function findInCluster(run: RunInput, key: string, judge: ClusterJudge): NodeFindings {
  const cluster = run.candidates.find((one) => one.key === key)
  if (cluster?.members === undefined) throw new Error(`no cluster ${key}`)
  return toFindings(
    judge(
      cluster.members.map((member) => nodeOf(run, member)),
      cluster.contract,
    ),
  )
}

function nodeOf(run: RunInput, key: string): ClusterNode {
  const candidate = [...run.candidates, ...(run.members ?? [])].find((one) => one.key === key)
  if (candidate?.node === undefined) throw new Error(`no candidate ${key} with a running node`)
  const { contract, variant: variantName, lock, config, node } = candidate
  const variant = contract.variants[variantName]
  if (variant === undefined) throw new Error(`the contract has no variant ${variantName}`)
  return {
    node: node.observed,
    variantName,
    variant,
    contract,
    ...(lock !== undefined && { lock }),
    ...(config !== undefined && { config: config.facts }),
    ...(node.judged !== undefined && { judged: node.judged }),
  }
}

function toFindings(found: readonly NodeFinding[]): NodeFindings {
  const broken = found.filter(({ kind }) => kind === undefined)
  const unknown = found.find(({ kind }) => kind === 'unknown')
  if (broken.length === 0 && unknown !== undefined)
    throw new FormatError('talosctl', 'UNSUPPORTED', unknown.message, { at: unknown.at })
  return { broken, notes: found.filter(({ kind }) => kind === 'note') }
}
