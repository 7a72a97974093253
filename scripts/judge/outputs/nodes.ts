// Running nodes as the rows of one table, for a person: what each runs, and its verdict.
import type { CandidateVerdict, Conformance } from '../verdict/conformance.ts'
import { verdictWord } from './account.ts'

export const NODE_HEAD = ['node', 'variant', 'Talos', 'stage', 'extensions', 'services', 'verdict'] as const

/** A row for each node, in order; none where no node was judged. */
export function nodeRows({ candidates }: Pick<Conformance, 'candidates'>): readonly (readonly string[])[] {
  return candidates.flatMap((candidate) => (candidate.node === undefined ? [] : [rowOf(candidate, candidate.node)]))
}

function rowOf(
  { reference, variant, exitCode, rules }: CandidateVerdict,
  { talos, stage, extensions, restless }: NonNullable<CandidateVerdict['node']>,
): readonly string[] {
  const failed = rules.filter(({ status, level }) => status === 'fail' && level === 'must').map(({ id }) => id)
  return [
    reference,
    variant,
    talos ?? '?',
    stage ?? '?',
    extensions === undefined ? '?' : String(extensions.length),
    restless.join(', ') || 'all run',
    [verdictWord(exitCode).toLowerCase(), ...failed].join(' '),
  ]
}

/** One table over all running nodes; nothing where there is none. */
export function renderNodeTable(conformance: Pick<Conformance, 'candidates'>): readonly string[] {
  const rows = nodeRows(conformance)
  if (rows.length === 0) return []
  const all = [NODE_HEAD, ...rows]
  const widths = NODE_HEAD.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)))
  const lines = all.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
  return [...lines.map((line) => line.trimEnd()), '']
}
