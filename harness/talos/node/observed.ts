// A running node as facts: what saved outputs of talosctl say of it. A fact is undefined where it was not asked for, and
// where the node did not answer.
import type { Location } from '../../errors.ts'
import {
  readResources,
  RESOURCE_NAMES,
  saidTwice,
  isStagedUpgrade,
  type Resource,
  type ResourceName,
} from './resources.ts'
import { readNamedTable } from './service-table.ts'

export type Told<T> = { readonly value: T; readonly at: Location }

export type RunningExtension = { readonly name: string; readonly version: string; readonly at: Location }

type RunningService = {
  readonly name: string
  /** `Running`, `Waiting` and so on, where the table was saved. */
  readonly state?: string
  readonly event?: string
  readonly running: boolean
  /** Undefined for a service without a check of its health. */
  readonly healthy?: boolean
  readonly at: Location
}

type WantedModule = { readonly name: string; readonly parameters: readonly string[]; readonly at: Location }
type LoadedModule = { readonly name: string; readonly state: string; readonly at: Location }
type ServiceSettings = {
  readonly name: string
  readonly environment: readonly string[]
  readonly files: readonly { readonly content: string; readonly mountPath: string }[]
}
type Route = {
  readonly destination: string
  readonly table: string
  readonly link: string
  readonly at: Location
}

/** Lists are undefined where they were not asked for, and empty where there is nothing. */
export type ObservedNode = {
  /** Address or name by which talosctl was asked. */
  readonly address: string
  /** The place of what is missing altogether. */
  readonly start: Location
  /** Resources that it was asked for and did not answer. */
  readonly unanswered?: readonly string[]
  readonly hostname?: string
  readonly talos?: Told<string>
  readonly extensions?: readonly RunningExtension[]
  readonly wantedModules?: readonly WantedModule[]
  readonly loadedModules?: readonly LoadedModule[]
  readonly services?: readonly RunningService[]
  /** True where the table of services was saved: without it, a service that waits is not seen. */
  readonly hasServiceTable: boolean
  readonly serviceSettings?: readonly ServiceSettings[]
  readonly stage?: Told<string>
  readonly isReady?: boolean
  readonly unmet: readonly string[]
  readonly bootedEntries?: readonly Told<string>[]
  readonly bootedWithUki?: Told<boolean>
  readonly secureBoot?: Told<boolean>
  readonly commandLine?: Told<string>
  readonly schematic?: Told<string>
  /** The links that have addresses, each with them. */
  readonly addresses?: readonly { readonly link: string; readonly address: string; readonly at: Location }[]
  readonly routes?: readonly Route[]
  /** Texts of the machine configuration: the active one, and the one of the next boot. */
  readonly activeConfig?: Told<string>
  readonly persistentConfig?: Told<string>
  /** The image of an upgrade that waits for the next boot. */
  readonly stagedUpgrade?: Told<string>
}

/** A saved output: `extensions.json`, `services.192.0.2.11.txt`. `path` is for messages. */
export type SavedOutput = { readonly name: string; readonly path: string; readonly bytes: Uint8Array }

const SERVICE_TABLE = /^services(?:\.(.+))?\.txt$/

type Read = { readonly [Name in ResourceName]?: readonly Resource<Name>[] | undefined }

/**
 * The nodes in the order in which they come up, `asked` first. Errors of `readResources` and `readNamedTable`; FormatError
 * MALFORMED where a node says two things of what it has one of.
 */
export function observeNodes(outputs: readonly SavedOutput[], asked: readonly string[] = []): readonly ObservedNode[] {
  const read = readAll(outputs)
  const resources = Object.values(read) as readonly (readonly Resource<ResourceName>[])[]
  const rows = readTables(outputs, new Set([...asked, ...resources.flat().map(({ node }) => node)]))
  const named = [...resources.flat(), ...rows].map(({ node }) => node)
  const known = new Set(named)
  return [...new Set([...asked, ...named])].map((address) => {
    const start = { path: outputs[0]?.path ?? address }
    if (!known.has(address)) return { address, start, hasServiceTable: false, unmet: [] }
    const own = rows.filter(({ node }) => node === address)
    return observe(address, start, read, own.length === 0 ? undefined : own)
  })
}

function readAll(outputs: readonly SavedOutput[]): Read {
  const names = outputs.flatMap(({ name, bytes, path }) => {
    const resource = name.endsWith('.json') ? name.slice(0, -'.json'.length) : ''
    return isResource(resource) ? [[resource, readResources(resource, bytes, path)] as const] : []
  })
  return Object.fromEntries(names) as Read
}

function isResource(name: string): name is ResourceName {
  return RESOURCE_NAMES.some((one) => one === name)
}

function readTables(outputs: readonly SavedOutput[], known: ReadonlySet<string>): Rows {
  return outputs.flatMap(({ name, bytes, path }) => {
    const [isTable, own] = SERVICE_TABLE.exec(name) ?? []
    return isTable === undefined ? [] : readNamedTable(bytes, path, { own, known })
  })
}

type Rows = ReturnType<typeof readNamedTable>

function observe(address: string, start: Location, read: Read, rows: Rows | undefined): ObservedNode {
  const silent = (read.unanswered ?? []).filter(({ node }) => node === address)
  const unanswered = new Set<string>(silent.map(({ id }) => id))
  const of = <Name extends ResourceName>(name: Name): readonly Resource<Name>[] | undefined =>
    unanswered.has(name)
      ? undefined
      : (read[name] as readonly Resource<Name>[] | undefined)?.filter(({ node }) => node === address)
  const first = <Name extends ResourceName, T>(
    name: Name,
    field: (spec: Resource<Name>['spec']) => T | undefined,
  ): Told<T> | undefined => {
    const [found, ...others] = of(name) ?? []
    const value = found === undefined ? undefined : field(found.spec)
    const other = others.find(({ spec }) => field(spec) !== value)
    if (other !== undefined) throw saidTwice(name, address, other.at)
    return found === undefined || value === undefined ? undefined : { value, at: found.at }
  }
  const machine = of('machinestatuses')?.[0]?.spec
  return {
    address,
    start,
    hasServiceTable: rows !== undefined,
    unmet: (machine?.status?.unmetConditions ?? []).map(({ name, reason }) => `${name ?? '?'}: ${reason ?? '?'}`),
    ...(unanswered.size > 0 && { unanswered: [...unanswered] }),
    ...given({
      hostname: first('hostnamestatuses', ({ hostname }) => hostname)?.value,
      talos: first('versions', ({ version }) => version),
      extensions: of('extensions')?.map(({ spec, at }) => ({ ...spec.metadata, at })),
      wantedModules: of('kernelmodulespecs')?.map(({ id, spec, at }) => ({
        name: spec.string ?? spec.name ?? id,
        parameters: spec.parameters ?? [],
        at,
      })),
      loadedModules: loadedModules(of('loadedkernelmodules'), of('kernelmodulestatuses')),
      services: services(of('services'), rows),
      serviceSettings: of('extensionserviceconfigs')?.map(({ id, spec }) => ({
        name: id,
        environment: spec.environment ?? [],
        files: (spec.files ?? []).map(({ content = '', mountPath }) => ({ content, mountPath })),
      })),
      stage: first('machinestatuses', ({ stage }) => stage),
      isReady: machine?.status?.ready,
      bootedEntries: of('bootedentries')?.map(({ spec, at }) => ({ value: spec.bootedEntry, at })),
      bootedWithUki: first('securitystates', ({ bootedWithUKI }) => bootedWithUKI),
      secureBoot: first('securitystates', ({ secureBoot }) => secureBoot),
      commandLine: first('kernelcmdlines', ({ cmdline }) => cmdline),
      schematic: first('imagefactoryschematics', ({ schematicId }) => schematicId),
      addresses: of('addresses')?.map(({ spec, at }) => ({ link: spec.linkName, address: spec.address, at })),
      routes: of('routes')?.map(({ spec, at }) => ({
        destination: spec.dst ?? '',
        table: spec.table ?? '',
        link: spec.outLinkName ?? '',
        at,
      })),
      activeConfig: configText(of('machineconfigs'), 'v1alpha1'),
      persistentConfig: configText(of('machineconfigs'), 'persistent'),
      stagedUpgrade: stagedUpgrade(of('metakeys')),
    }),
  }
}

/** The members that are there. */
function given<T extends object>(members: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}

function loadedModules(
  loaded: readonly Resource<'loadedkernelmodules'>[] | undefined,
  statuses: readonly Resource<'kernelmodulestatuses'>[] | undefined,
): readonly LoadedModule[] | undefined {
  if (loaded === undefined && statuses === undefined) return undefined
  // 1.14 has both, and built-in modules only in the second.
  return [...(statuses ?? []), ...(loaded ?? [])].map(({ id, spec, at }) => ({
    name: id,
    state: (spec.state ?? '').toLowerCase(),
    at,
  }))
}

/** Services of both: the table has those that do not run, the resources have whether a health is known. */
function services(
  resources: readonly Resource<'services'>[] | undefined,
  rows: Rows | undefined,
): readonly RunningService[] | undefined {
  if (resources === undefined && rows === undefined) return undefined
  const tabled = (rows ?? []).map(({ name, state, health, event, at }) => ({
    name,
    state,
    event,
    running: state === 'Running',
    ...(health === 'OK' && { healthy: true }),
    ...(health.startsWith('Fail') && { healthy: false }),
    at,
  }))
  const names = new Set(tabled.map(({ name }) => name))
  const rest = (resources ?? []).filter(({ id }) => !names.has(id))
  return [
    ...tabled,
    ...rest.map(({ id, spec, at }) => ({
      name: id,
      running: spec.running === true,
      ...(spec.unknown !== true && spec.healthy !== undefined && { healthy: spec.healthy }),
      at,
    })),
  ]
}

function configText(
  resources: readonly Resource<'machineconfigs'>[] | undefined,
  id: string,
): Told<string> | undefined {
  const found = resources?.find((resource) => resource.id === id)
  if (found === undefined) return undefined
  // JSON is YAML: a single document may come as a map.
  return { value: typeof found.spec === 'string' ? found.spec : JSON.stringify(found.spec, null, 2), at: found.at }
}

function stagedUpgrade(resources: readonly Resource<'metakeys'>[] | undefined): Told<string> | undefined {
  const found = resources?.find(({ id }) => isStagedUpgrade(id))
  return found?.spec.value === undefined || found.spec.value === ''
    ? undefined
    : { value: found.spec.value, at: found.at }
}
