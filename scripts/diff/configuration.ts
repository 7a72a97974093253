// Consequences for a node with a machine configuration: modules that it loads, services that wait for what it gives them.
import { moduleName } from '#harness/formats/modules/index.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { BootDescription, ExtensionDescription } from '#harness/talos/description/schema.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { change, type Change } from '../drift/changes/change.ts'

export type Configured = {
  readonly boot: BootDescription
  readonly extensions: readonly ExtensionDescription[]
}

type Told = Pick<MachineConfigFacts, 'modules' | 'services'>
type Terms = { readonly config: Told; readonly contract: Pick<Contract, 'pathsOfModules'> }

/** Boot waits this long for every service of an extension (Talos' BootTimeout), and the node reboots then. */
const WAITS = 'the node waits 70 minutes for it, then reboots'

/** What goes wrong with `is` and did not with `was`. */
export function configurationChanges(was: Configured, is: Configured, terms: Terms): readonly Change[] {
  const before = new Set(findings(was, terms, was).map(({ id }) => id))
  return findings(is, terms, was).filter(({ id }) => !before.has(id))
}

function findings(side: Configured, terms: Terms, was: Configured): readonly Change[] {
  return [...missingModules(side, terms, was), ...waitingServices(side, terms), ...idleConfigurations(side, terms)]
}

/**
 * Talos loads what it is told, and begins anew where one fails, with longer and longer pauses: siderolabs/talos v1.11.5, v1.13.9
 * and main, internal/app/machined/pkg/controllers/runtime/kernel_module_spec.go. Nothing of the boot waits for it.
 */
function missingModules(side: Configured, { config }: Terms, was: Configured): readonly Change[] {
  const names = [...new Set(config.modules.map(({ name }) => moduleName(name)))]
  return names.flatMap((name) => {
    if (hasModule(side, name)) return []
    const owner = was.extensions.find(({ modules }) => modules.some((path) => moduleName(path) === name))
    const isOwnerGone = owner !== undefined && !side.extensions.some((one) => one.name === owner.name)
    const from = owner === undefined ? '' : isOwnerGone ? `, as is the extension ${owner.name}` : ` from ${owner.name}`
    return [
      change(
        `configuration.module.${name}`,
        'modules',
        'breaks',
        `the module ${name} is gone${from}, and the configuration loads it: Talos tries again and again, and what needs it does not work`,
        {
          names: [name],
          rules: ['CFG-043', 'NODE-010'],
          config: ['machine.kernel.modules', 'KernelModuleConfig'],
          action: `take an image with ${owner?.name ?? name}, or take ${name} out of the configuration first`,
        },
      ),
    ]
  })
}

/** In the root filesystem, in an extension, or built in. */
function hasModule({ boot, extensions }: Configured, name: string): boolean {
  return (
    boot.modules.some((one) => one.name === name) ||
    extensions.some(({ modules }) => modules.some((path) => moduleName(path) === name)) ||
    boot.kernel.options[name.toUpperCase()] === 'y'
  )
}

function waitingServices(side: Configured, { config, contract }: Terms): readonly Change[] {
  const loaded = new Set(config.modules.map(({ name }) => moduleName(name)))
  const configured = new Set(config.services.map(({ name }) => name))
  return side.extensions.flatMap(({ name: extension, services }) =>
    services.flatMap(({ name, waits }) =>
      waits.flatMap((wait): readonly Change[] => {
        const isConfiguration = wait === 'configuration'
        const about = (reason: string, action: string): Change =>
          change(
            `configuration.service.${name}.${wait}`,
            'extensions',
            'breaks',
            `the service ${name} of ${extension} ${reason}: ${WAITS}`,
            {
              names: [name],
              rules: [isConfiguration ? 'CFG-001' : 'CFG-002'],
              config: isConfiguration ? ['ExtensionServiceConfig'] : ['machine.kernel.modules', 'KernelModuleConfig'],
              action,
            },
          )
        if (isConfiguration)
          return configured.has(name)
            ? []
            : [
                about(
                  'waits for its ExtensionServiceConfig, which the configuration has not',
                  `add an ExtensionServiceConfig ${name}, or take an image without ${extension}`,
                ),
              ]
        const path = wait.startsWith('path ') ? wait.slice('path '.length) : undefined
        const module = path === undefined ? undefined : contract.pathsOfModules[path]
        if (module === undefined) return []
        const wanted = moduleName(module)
        if (!hasModule(side, wanted))
          return [about(`waits for ${path}, and the image has no module ${module}`, `take an image with ${module}`)]
        if (loaded.has(wanted)) return []
        return [
          about(
            `waits for ${path}, and the configuration does not load ${module}`,
            `load ${module} in machine.kernel.modules, or take an image without ${extension}`,
          ),
        ]
      }),
    ),
  )
}

function idleConfigurations(side: Configured, { config }: Terms): readonly Change[] {
  const services = new Set(side.extensions.flatMap((one) => one.services.map(({ name }) => name)))
  const idle = [...new Set(config.services.map(({ name }) => name))].filter((name) => !services.has(name))
  return idle.map((name) =>
    change(
      `configuration.idle.${name}`,
      'extensions',
      'decide',
      `the configuration has an ExtensionServiceConfig ${name}, and no extension has that service: nothing runs it`,
      {
        names: [name],
        rules: ['CFG-001'],
        config: ['ExtensionServiceConfig'],
        action: 'take it out of the configuration, or take an image with the service',
      },
    ),
  )
}
