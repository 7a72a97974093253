// What a service waits for that nothing in its variant's promises provides.
import type { ServiceDependency } from '#harness/talos/service-spec.ts'
import type { Contract, Variant } from '../contract/contract.ts'

export type Promises = {
  /** Name of the service that waits, without `ext-`. */
  readonly service: string
  /** Ids of the services that run. */
  readonly running: readonly string[]
  readonly variant: Pick<Variant, 'serviceConfigurations' | 'kernelModules'>
  readonly contract: Pick<Contract, 'pathsOfModules'>
}

/** `zfs-service waits for /dev/zfs` for each wait that is never over. Network and time come to every machine. */
export function unmetWaits(waits: readonly ServiceDependency[], promises: Promises): readonly string[] {
  return waits.filter((wait) => !isMet(wait, promises)).map((wait) => `${promises.service} waits for ${describe(wait)}`)
}

function isMet(wait: ServiceDependency, { service, running, variant, contract }: Promises): boolean {
  switch (wait.kind) {
    case 'configuration':
      return variant.serviceConfigurations.includes(service)
    case 'path': {
      const module = contract.pathsOfModules[wait.path]
      return module !== undefined && variant.kernelModules.includes(module)
    }
    case 'service':
      return running.includes(wait.service)
    case 'network':
    case 'time':
      return true
  }
}

function describe(wait: ServiceDependency): string {
  if (wait.kind === 'configuration') return 'an ExtensionServiceConfig document'
  return wait.kind === 'path' ? wait.path : wait.kind === 'service' ? `service ${wait.service}` : wait.kind
}
