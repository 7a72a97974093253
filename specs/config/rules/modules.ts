// Kernel modules that extensions bring and that Talos loads only by name.
import type { LoadedModule, MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { placeOfAbsence, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

const DRBD = 'drbd'
const HELPER = 'usermode_helper='

/** Talos keeps one module of a name, the last. To the kernel `-` and `_` are the same. */
function findModule(facts: MachineConfigFacts, name: string): LoadedModule | undefined {
  const normal = (text: string): string => text.replaceAll('-', '_')
  return facts.modules.findLast((module) => normal(module.name) === normal(name))
}

function absentModule(facts: MachineConfigFacts, name: string, message: string): ConfigFinding {
  return {
    at: facts.modulesAt ?? placeOfAbsence(facts),
    message,
    expected: `module ${name} in machine.kernel.modules or as a KernelModuleConfig document`,
    got: facts.modules.map((module) => module.name).join(', ') || 'none',
  }
}

export const judgeWaits: ConfigJudge = (facts, { variant, contract }) =>
  Object.entries(contract.pathsOfModules).flatMap(([path, name]) => {
    const isPromised = variant.kernelModules.includes(name) || variant.extensions.includes(name)
    if (!isPromised || findModule(facts, name) !== undefined) return []
    return [absentModule(facts, name, `nothing makes ${path}, which the extension's service waits for`)]
  })

/** Judges promised modules, those of CFG-002 and CFG-003 aside, which say more about them. */
export const judgePromised: ConfigJudge = (facts, { variant, contract }) => {
  const known = [...Object.values(contract.pathsOfModules), ...(variant.extensions.includes(DRBD) ? [DRBD] : [])]
  return variant.kernelModules
    .filter((name) => !known.includes(name) && findModule(facts, name) === undefined)
    .map((name) => absentModule(facts, name, `module ${name} is not loaded, and the contract promises it`))
}

export const judgeDrbd: ConfigJudge = (facts) => {
  const module = findModule(facts, DRBD)
  if (module === undefined) return [absentModule(facts, DRBD, 'module drbd is not loaded')]
  const helper = module.parameters.findLast(({ value }) => value.startsWith(HELPER))
  if (helper?.value === `${HELPER}disabled`) return []
  return [
    {
      at: helper?.at ?? module.at,
      message: 'module drbd is loaded with another usermode helper',
      expected: `${HELPER}disabled`,
      got: helper?.value ?? (module.parameters.map(({ value }) => value).join(' ') || 'no parameter'),
    },
  ]
}
