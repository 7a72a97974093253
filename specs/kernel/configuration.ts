// The contract's demands that a kernel configuration does not meet.
import { moduleName } from '#harness/formats/modules/index.ts'
import type { ModuleEnforcement } from '#harness/talos/quirks.ts'
import type { Contract } from '../contract/contract.ts'

export type ConfigurationQuestion = {
  /** CONFIG_X → y, m, n or a value; an option that is not there is off. */
  readonly config: ReadonlyMap<string, string>
  readonly demanded: Contract['kernel']
  /** Names of the modules in the root filesystem, normalised. */
  readonly modules: ReadonlySet<string>
  readonly enforcement: ModuleEnforcement
  /** Arguments; undefined when the part has no command line of its own. */
  readonly arguments: readonly string[] | undefined
}

/** `OPTION: expected y, got n` for each demand that is not met. */
export function configurationFindings(question: ConfigurationQuestion): readonly string[] {
  const { config, demanded, modules } = question
  const valueOf = (option: string): string => config.get(`CONFIG_${option}`) ?? 'n'
  const findings: string[] = []
  for (const option of demanded.builtIn)
    if (valueOf(option) !== 'y') findings.push(`${option}: expected y, got ${valueOf(option)}`)
  for (const [option, module] of Object.entries(demanded.builtInOrModule)) {
    const value = valueOf(option)
    if (value === 'y' || (value === 'm' && modules.has(moduleName(module)))) continue
    findings.push(
      value === 'm'
        ? `${option}: expected module ${module} in the root filesystem, got none`
        : `${option}: expected y or m, got ${value}`,
    )
  }
  for (const option of demanded.off)
    if (valueOf(option) !== 'n') findings.push(`${option}: expected n, got ${valueOf(option)}`)
  return [...findings, ...enforcementFindings(question, valueOf('MODULE_SIG_FORCE'))]
}

function enforcementFindings(question: ConfigurationQuestion, forced: string): readonly string[] {
  if (forced === 'y') return []
  if (question.enforcement === 'configuration') return [`MODULE_SIG_FORCE: expected y, got ${forced}`]
  // A bare kernel beside no command line: whoever boots it gives the argument.
  if (question.arguments === undefined || question.arguments.includes('module.sig_enforce=1')) return []
  return [`MODULE_SIG_FORCE: expected y or module.sig_enforce=1 on the command line, got ${forced} and neither`]
}
