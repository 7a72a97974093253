// Specifications of extension services, `/usr/local/etc/containers/*.yaml`:
// pkg/machinery/extensions/services/services.go (siderolabs/talos v1.11.5); unchanged through 1.14.
import { z } from 'zod'
import { factOf } from '../../bytes/identity.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { goBoolean, goList, goString, parseYamlAs } from '../../formats/yaml/schema.ts'

/** The paths of an extension's specifications; others are not read. */
export const SERVICE_SPEC_PATH = /^usr\/local\/etc\/containers\/[^/]+\.yaml$/

type NetworkStatus = 'addresses' | 'connectivity' | 'hostname' | 'etcfiles'

export type ServiceDependency =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'network'; readonly network: readonly NetworkStatus[] }
  | { readonly kind: 'time' }
  /** An ExtensionServiceConfig document with the service's name. */
  | { readonly kind: 'configuration' }

type ServiceMount = {
  readonly destination: string
  readonly type: string
  /** The source of a mount; Talos makes it, mode 0700, where it does not exist. */
  readonly source: string
  readonly options: readonly string[]
}

export type ServiceSpec = {
  /** The service's id is `ext-<name>`, its root filesystem `/usr/local/lib/containers/<name>`. */
  readonly name: string
  readonly container: {
    readonly entrypoint: string
    readonly environment: readonly string[]
    /** Absolute path of a file with environment variables; '' for none. */
    readonly environmentFile: string
    readonly args: readonly string[]
    readonly mounts: readonly ServiceMount[]
    readonly security: {
      readonly writeableSysfs: boolean
      readonly writeableRootfs: boolean
      readonly maskedPaths: readonly string[]
      readonly readonlyPaths: readonly string[]
      readonly rootfsPropagation: string
    }
  }
  readonly depends: readonly ServiceDependency[]
  readonly restart: 'always' | 'never' | 'untilSuccess'
  readonly logToConsole: boolean
}

/** A Go struct that may be absent. */
function orEmpty<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => value ?? {}, schema)
}

const networkStatus = z.enum(['addresses', 'connectivity', 'hostname', 'etcfiles'])

/** Exactly one key, zero values not counted, as Dependency.Validate has it. */
const dependency = orEmpty(
  z
    .looseObject({
      service: goString,
      path: goString.refine((path) => path === '' || path.startsWith('/'), 'expected an absolute path'),
      network: goList(networkStatus),
      time: goBoolean,
      configuration: goBoolean,
    })
    .transform(({ service, path, network, time, configuration }, context): ServiceDependency => {
      const given: ServiceDependency[] = []
      if (service !== '') given.push({ kind: 'service', service })
      if (path !== '') given.push({ kind: 'path', path })
      if (network.length > 0) given.push({ kind: 'network', network })
      if (time) given.push({ kind: 'time' })
      if (configuration) given.push({ kind: 'configuration' })
      const [only] = given
      if (only !== undefined && given.length === 1) return only
      context.addIssue(
        `expected exactly one dependency, got ${given.length === 0 ? 'none' : given.map(({ kind }) => kind).join(', ')}`,
      )
      return z.NEVER
    }),
)

const mount = orEmpty(z.object({ destination: goString, type: goString, source: goString, options: goList(goString) }))

const container = orEmpty(
  z.object({
    entrypoint: goString.refine((path) => path !== '', 'expected an entrypoint'),
    environment: goList(goString),
    environmentFile: goString,
    args: goList(goString),
    mounts: goList(mount),
    security: orEmpty(
      z.object({
        writeableSysfs: goBoolean,
        writeableRootfs: goBoolean,
        maskedPaths: goList(goString),
        readonlyPaths: goList(goString),
        rootfsPropagation: goString,
      }),
    ),
  }),
)

const serviceSpec: z.ZodType<ServiceSpec> = z.object({
  name: goString.refine((name) => /^[-_a-z0-9]+$/.test(name), 'expected a name of the letters -_a-z0-9'),
  container,
  depends: goList(dependency),
  restart: z.enum(['always', 'never', 'untilSuccess']),
  logToConsole: goBoolean,
})

/**
 * A specification by the rules by which Talos takes it (an invalid one is logged and skipped). Unknown fields are
 * ignored. FormatError `yaml`, or SchemaError with all issues.
 */
export function parseServiceSpec(bytes: Uint8Array, where: Location = {}): ServiceSpec {
  return parseYamlAs('service specification', serviceSpec, bytes, where)
}

/** The same of a file of at most `maxBytes`; LIMIT_EXCEEDED for a longer one. */
export function readServiceSpec(source: ByteSource, maxBytes: number): Promise<ServiceSpec> {
  return factOf(
    source,
    `service specification of ${maxBytes}`,
    async () => parseServiceSpec(await readAll(source, maxBytes), source.where),
    () => 4 * source.size,
  )
}

/**
 * All that must be there before the service starts: containerd, its environment file (`path`), what it depends on:
 * internal/app/machined/pkg/system/services/extension.go.
 */
export function waitsFor(spec: ServiceSpec): readonly ServiceDependency[] {
  const { environmentFile } = spec.container
  return [
    { kind: 'service', service: 'containerd' },
    ...(environmentFile === '' ? [] : [{ kind: 'path', path: environmentFile } as const]),
    ...spec.depends,
  ]
}
