// Conditions of services that neither their variant's promises nor another service provides.
import type { ServiceDependency } from '#harness/talos/extension/service-spec.ts'
import type { Contract, Variant } from '../contract/contract.ts'

export type WaitingService = {
  /** The name without `ext-`. */
  readonly name: string
  readonly waits: readonly ServiceDependency[]
}

export type Promises = {
  /** Ids of the services that every machine runs. */
  readonly services: readonly string[]
  /** Ids of those that only a machine with a certain configuration runs: none may be counted on. */
  readonly optionalServices: readonly string[]
  /** Paths that every machine has. */
  readonly paths: readonly string[]
  readonly variant: Pick<Variant, 'serviceConfigurations' | 'kernelModules'>
  readonly contract: Pick<Contract, 'pathsOfModules' | 'pathsOfHardware'>
}

/**
 * `zfs-service waits for /dev/zfs` for each wait that is never over. Network and time come to every machine; a service
 * comes once all that it waits for has come, so that services which wait for each other never do.
 */
export function unmetWaits(services: readonly WaitingService[], promises: Promises): readonly string[] {
  const running = new Set(promises.services)
  const isUnmet = (wait: ServiceDependency, name: string): boolean => !isMet(wait, name, running, promises)
  let waiting = services
  for (let started = true; started;) {
    const left = waiting.filter(({ name, waits }) => waits.some((wait) => isUnmet(wait, name)))
    for (const service of waiting) if (!left.includes(service)) running.add(`ext-${service.name}`)
    started = left.length < waiting.length
    waiting = left
  }
  return waiting.flatMap(({ name, waits }) =>
    waits.filter((wait) => isUnmet(wait, name)).map((wait) => `${name} waits for ${describe(wait, promises)}`),
  )
}

function isMet(
  wait: ServiceDependency,
  service: string,
  running: ReadonlySet<string>,
  { variant, contract, paths }: Promises,
): boolean {
  switch (wait.kind) {
    case 'configuration':
      return variant.serviceConfigurations.includes(service)
    case 'path': {
      if ([...paths, ...contract.pathsOfHardware].includes(wait.path)) return true
      const module = contract.pathsOfModules[wait.path]
      return module !== undefined && variant.kernelModules.includes(module)
    }
    case 'service':
      return running.has(wait.service)
    case 'network':
    case 'time':
      return true
  }
}

function describe(wait: ServiceDependency, { optionalServices, contract, variant }: Promises): string {
  if (wait.kind === 'configuration') return 'an ExtensionServiceConfig document'
  if (wait.kind === 'path') {
    const module = contract.pathsOfModules[wait.path]
    if (module !== undefined && !variant.kernelModules.includes(module))
      return `${wait.path}, which the kernel module ${module} makes, and the variant loads no such module`
    const isHardware = /^\/(?:dev|sys)\//.test(wait.path)
    return isHardware
      ? `${wait.path}, which not every machine has: name it under pathsOfHardware of the contract if every node of yours does`
      : wait.path
  }
  if (wait.kind !== 'service') return wait.kind
  const isOptional = optionalServices.includes(wait.service)
  return `service ${wait.service}${isOptional ? ', which not every machine runs' : ''}`
}
