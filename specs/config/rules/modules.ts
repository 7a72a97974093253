// Kernel modules that extensions bring and that Talos loads only by name.
import type { LoadedModule, MachineConfigFacts } from '#harness/talos/machine-config-facts.ts'
import { placeOfAbsence, type ConfigFinding, type ConfigRule } from '../rule.ts'

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

export const MODULE_RULES: readonly ConfigRule[] = [
  {
    id: 'CFG-002',
    level: 'must',
    sentence: 'every path that a service of the variant waits for is made by a kernel module that is loaded',
    fix: 'load the module: a service that waits in vain reboots the node after 70 minutes',
    needs: [],
    judge: (facts, { variant, contract }) =>
      Object.entries(contract.pathsOfModules).flatMap(([path, name]) => {
        const isPromised = variant.kernelModules.includes(name) || variant.extensions.includes(name)
        if (!isPromised || findModule(facts, name) !== undefined) return []
        return [absentModule(facts, name, `nothing makes ${path}, which the extension's service waits for`)]
      }),
  },
  {
    id: 'CFG-003',
    level: 'must',
    sentence: 'module drbd is loaded with usermode_helper=disabled where the variant has drbd',
    fix: 'load drbd with the parameter usermode_helper=disabled: Talos has no drbdadm that the kernel could call',
    needs: [],
    outside: ({ variant, variantName }) =>
      variant.extensions.includes(DRBD) ? undefined : `${variantName} has no extension drbd`,
    judge: (facts) => {
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
    },
  },
]
