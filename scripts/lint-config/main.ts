// Lint, top to bottom: options, contract, files, facts, variant, verdict, exit status.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { describeMinors, MINORS, minorOfTag } from '#harness/machine-config/schema/schema.ts'
import { configRules, exitCodeOfConfig, judgeConfig } from '#specs/config/judge.ts'
import { installedVariant } from '#specs/config/rules/install-image.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { loadContract, loadRuleIndex, loadLock } from '../judge/candidates/inputs.ts'
import { UsageError } from '../test/options.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { loadMachineConfig } from './files.ts'
import { parseLintOptions, type LintOptions } from './options.ts'
import { renderLint, type LintReport } from './render.ts'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function lintConfig(args: readonly string[]): Promise<number> {
  try {
    const options = parseLintOptions(args)
    if (options === undefined) return 0
    const report = await lint(options)
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderLint(report, process.stdout))
    return report.exitCode
  } catch (error) {
    // Never 1: that status says that a configuration was judged.
    process.stderr.write(`${error instanceof UsageError ? renderFailure(error) : renderBug(error)}\n`)
    return 2
  }
}

async function lint(options: LintOptions): Promise<LintReport> {
  const contract = await loadContract(options.contract)
  const lock = options.lock === undefined ? undefined : await loadLock(options.lock)
  const { facts } = await loadMachineConfig(options.files)
  const variantName = chooseVariant(options.variant, facts, contract.value)
  const variant = contract.value.variants[variantName]
  if (variant === undefined) throw new UsageError(`the contract knows no variant ${variantName}`)
  const talos = lock?.value.talos
  const rules = judgeConfig(configRules(await loadRuleIndex()), facts, {
    variantName,
    variant,
    contract: contract.value,
    ...(talos !== undefined && { talos }),
    ...(options.talos !== undefined && { target: knownTalos(options.talos) }),
  })
  return {
    schema: 1,
    files: options.files,
    variant: variantName,
    contract: contract.path,
    ...(lock !== undefined && { lock: lock.path }),
    rules,
    exitCode: exitCodeOfConfig(rules),
  }
}

function knownTalos(tag: string): string {
  if (minorOfTag(tag) === undefined)
    throw new UsageError(`expected a Talos version of ${describeMinors(MINORS)} as --talos, got ${tag}`)
  return tag
}

function chooseVariant(asked: string | undefined, facts: MachineConfigFacts, contract: Contract): string {
  const known = Object.keys(contract.variants).join(', ')
  const chosen = asked ?? installedVariant(facts, contract)
  if (chosen === undefined)
    throw new UsageError(`no install image tells which variant this node is to be: say it with --variant (${known})`)
  if (!Object.hasOwn(contract.variants, chosen))
    throw new UsageError(`the contract knows no variant ${chosen}, only ${known}`)
  return chosen
}
