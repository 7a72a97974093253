// The resources of a running node that are read, with the fields that matter: siderolabs/talos pkg/machinery/resources
// of v1.11 to v1.14. Field names are those of the YAML that talosctl turns into JSON.
import { z } from 'zod'
import { FormatError, SchemaError, type Location } from '../../errors.ts'
import { readJsonStream } from './stream.ts'

/** Text; YAML makes numbers of what looks like one, as with the id of a layer. */
const text = z.union([z.string(), z.number()], { error: 'expected text' }).transform(String)
const texts = z.array(text).nullish()

const metadata = z.object({ name: text, version: text })

const SPECS = {
  addresses: z.object({ address: text, linkName: text }),
  bootedentries: z.object({ bootedEntry: text }),
  extensions: z.object({ image: text.optional(), metadata }),
  extensionserviceconfigs: z.object({
    environment: texts,
    files: z.array(z.object({ content: text.optional(), mountPath: text })).nullish(),
  }),
  extensionserviceconfigstatuses: z.object({ specVersion: text.optional() }),
  hostnamestatuses: z.object({ hostname: text.optional() }),
  imagefactoryschematics: z.object({ schematicId: text }),
  kernelcmdlines: z.object({ cmdline: text }),
  kernelmodulespecs: z.object({ string: text.optional(), name: text.optional(), parameters: texts }),
  kernelmodulestatuses: z.object({ state: text.optional(), type: text.optional() }),
  loadedkernelmodules: z.object({ state: text.optional() }),
  machineconfigs: z.union([z.string(), z.record(z.string(), z.unknown())]),
  machinestatuses: z.object({
    stage: text,
    status: z
      .object({
        ready: z.boolean().optional(),
        unmetConditions: z.array(z.object({ name: text.optional(), reason: text.optional() })).nullish(),
      })
      .nullish(),
  }),
  metakeys: z.object({ value: text.optional() }),
  routes: z.object({ dst: text.optional(), outLinkName: text.optional(), table: text.optional() }),
  securitystates: z.object({ bootedWithUKI: z.boolean().optional(), secureBoot: z.boolean().optional() }),
  services: z.object({
    running: z.boolean().optional(),
    healthy: z.boolean().optional(),
    unknown: z.boolean().optional(),
  }),
  /** Ours, beside what talosctl prints: `id` is a resource of this list that the node did not answer. */
  unanswered: z.unknown(),
  versions: z.object({ version: text }),
} as const satisfies Readonly<Record<string, z.ZodType>>

export type ResourceName = keyof typeof SPECS
/** In the order of the alphabet; a file of one is `NAME.json`. */
export const RESOURCE_NAMES = Object.keys(SPECS) as readonly ResourceName[]

/** siderolabs/talos internal/pkg/meta/constants.go: StagedUpgradeImageRef. */
const STAGED_UPGRADE = 7

/**
 * True for the id of a staged upgrade: `0x07` (MetaKeyTagToID of siderolabs/talos pkg/machinery/resources/runtime), which
 * becomes the number 7 in JSON where talosctl took it out of YAML that does not quote it, as with the ids of layers.
 */
export function isStagedUpgrade(id: unknown): boolean {
  return (typeof id === 'string' || typeof id === 'number') && Number(id) === STAGED_UPGRADE
}

export type Resource<Name extends ResourceName> = {
  readonly node: string
  readonly id: string
  readonly spec: z.infer<(typeof SPECS)[Name]>
  readonly at: Location
}

const frame = z.object({ node: text.default(''), metadata: z.object({ id: text }), spec: z.unknown() })

/**
 * The resources of one kind, node after node, as `talosctl get NAME -o json` printed them. Errors of `readJsonStream`;
 * SchemaError for a document without id or with a field of another type; FormatError MALFORMED for one of another kind, and
 * where a node says two things under one id. One thing that is said twice counts once.
 */
export function readResources<Name extends ResourceName>(
  name: Name,
  bytes: Uint8Array,
  path: string,
): readonly Resource<Name>[] {
  const known = new Map<string, string>()
  return readJsonStream(bytes, path).flatMap(({ value, at }) => {
    const { node, metadata: about, spec } = checked(frame, value, name, at)
    const type = (value as { metadata: { type?: unknown } }).metadata.type
    if (typeof type === 'string' && !isOfKind(type, name))
      throw new FormatError('talosctl', 'MALFORMED', `expected ${name}, got a resource of the type ${type}`, { at })
    const read = checked(SPECS[name], spec, name, at, '/spec') as Resource<Name>['spec']
    const [key, said] = [JSON.stringify([node, about.id]), JSON.stringify(read)]
    const before = known.get(key)
    // The entries of a menu count one by one.
    if (name !== 'bootedentries') known.set(key, said)
    if (before !== undefined && before !== said) throw saidTwice(name, node, at)
    return before === undefined ? [{ node, id: about.id, spec: read, at }] : []
  })
}

/** The error of outputs of two days in one file, or of two nodes under one address. */
export function saidTwice(name: ResourceName, node: string, at: Location): FormatError {
  const message = `expected one answer of ${node} in ${name}, got another one behind it: save each of them in a folder of its own`
  return new FormatError('talosctl', 'MALFORMED', message, { at })
}

/** The fields of a resource that are read, without the others. SchemaError for one of another type. */
export function knownFields(name: ResourceName, spec: unknown, path: string): unknown {
  return checked(SPECS[name], spec, name, { path }, '/spec')
}

/** Kinds by another name than that which talosctl is asked with: an alias of it. */
const TYPES: Readonly<Partial<Record<ResourceName, string>>> = {
  addresses: 'addressstatuses',
  extensions: 'extensionstatuses',
  routes: 'routestatuses',
}

/** `Services.v1alpha1.talos.dev` of `services`. */
function isOfKind(type: string, name: ResourceName): boolean {
  return type.toLowerCase().split('.')[0] === (TYPES[name] ?? name)
}

function checked<T>(schema: z.ZodType<T>, value: unknown, name: string, at: Location, inside = ''): T {
  const { data, error } = schema.safeParse(value)
  if (error === undefined) return data as T
  const issues = error.issues.map(({ path, message }) => ({ path: `${inside}/${path.join('/')}`, message, at }))
  throw new SchemaError(name, issues, { at })
}
