// Findings of a rule in the machine configuration of a candidate; undecidable ones are an error of their own.
import { FormatError } from '#harness/errors.ts'
import type { ConfigFinding, ConfigJudge } from './config-rule.ts'
import type { RunInput } from './run.ts'

export type ConfigFindings = {
  /** Violations of the rule. */
  readonly broken: readonly ConfigFinding[]
  /** Notes, which break nothing. */
  readonly notes: readonly ConfigFinding[]
}

/**
 * FormatError `machine-config` UNSUPPORTED where nothing breaks the rule and a template keeps something from being
 * told.
 */
export function findInConfig(run: RunInput, key: string, judge: ConfigJudge): ConfigFindings {
  const candidate = run.candidates.find((one) => one.key === key)
  if (candidate?.config === undefined) throw new Error(`no candidate ${key} with a machine configuration`)
  const { contract, variant: variantName, lock, config } = candidate
  const variant = contract.variants[variantName]
  if (variant === undefined) throw new Error(`the contract has no variant ${variantName}`)
  const talos = lock?.talos
  const { facts, target, beside } = config
  const context = { variantName, variant, contract }
  const found = judge(facts, {
    ...context,
    ...(talos !== undefined && { talos }),
    ...(target !== undefined && { target }),
    ...(beside !== undefined && { beside }),
  })
  const broken = found.filter(({ kind }) => kind === undefined)
  const unknown = found.find(({ kind }) => kind === 'unknown')
  if (broken.length === 0 && unknown !== undefined) {
    const { at, message, got } = unknown
    throw new FormatError('machine-config', 'UNSUPPORTED', got === undefined ? message : `${message}: ${got}`, { at })
  }
  return { broken, notes: found.filter(({ kind }) => kind === 'note') }
}
