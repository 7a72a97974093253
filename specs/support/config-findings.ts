// Findings of a rule in the machine configuration of a candidate; undecidable ones are an error of their own.
import { FormatError } from '#harness/errors.ts'
import type { ConfigFinding, ConfigJudge, ProjectJudge, ProjectNode } from './config-rule.ts'
import type { RunInput } from './run.ts'

export type ConfigFindings = {
  /** Violations of the rule. */
  readonly broken: readonly ConfigFinding[]
  /** Notes, which break nothing. */
  readonly notes: readonly ConfigFinding[]
}

/**
 * The findings of a rule about a node. FormatError `machine-config` UNSUPPORTED where nothing breaks the rule and a
 * template keeps something from being known.
 */
export function findInConfig(run: RunInput, key: string, judge: ConfigJudge): ConfigFindings {
  const { facts, ...context } = nodeOf(run, key)
  return toFindings(judge(facts, context))
}

/** The same across the nodes of a project. */
export function findInProject(run: RunInput, key: string, judge: ProjectJudge): ConfigFindings {
  const project = run.candidates.find((one) => one.key === key)
  if (project?.members === undefined) throw new Error(`no project ${key}`)
  const nodes = project.members.map((member) => nodeOf(run, member))
  return toFindings(judge(nodes, project.contract))
}

function nodeOf(run: RunInput, key: string): ProjectNode {
  const candidate = [...run.candidates, ...(run.members ?? [])].find((one) => one.key === key)
  if (candidate?.config === undefined) throw new Error(`no candidate ${key} with a machine configuration`)
  const { contract, variant: variantName, lock, config } = candidate
  const variant = contract.variants[variantName]
  if (variant === undefined) throw new Error(`the contract has no variant ${variantName}`)
  const talos = lock?.talos
  const { facts, target, beside, reachedBy = [] } = config
  return {
    facts,
    reachedBy,
    variantName,
    variant,
    contract,
    ...(talos !== undefined && { talos }),
    ...(target !== undefined && { target }),
    ...(beside !== undefined && { beside }),
  }
}

function toFindings(found: readonly ConfigFinding[]): ConfigFindings {
  const broken = found.filter(({ kind }) => kind === undefined)
  const unknown = found.find(({ kind }) => kind === 'unknown')
  if (broken.length === 0 && unknown !== undefined) {
    const { at, message, got } = unknown
    throw new FormatError('machine-config', 'UNSUPPORTED', got === undefined ? message : `${message}: ${got}`, { at })
  }
  return { broken, notes: found.filter(({ kind }) => kind === 'note') }
}
