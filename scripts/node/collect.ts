// Asks nodes and keeps what they say, a file a resource, without the values of secrets.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, HarnessError } from '#harness/errors.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { redactConfig, redactText, redactVariable, REDACTED } from '#harness/machine-config/redact.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { isStagedUpgrade, knownFields, RESOURCE_NAMES, type ResourceName } from '#harness/talos/node/resources.ts'
import { setNode } from '#harness/talos/node/service-table.ts'
import { readJsonStream } from '#harness/talos/node/stream.ts'
import { UsageError } from '../cli/command-line.ts'
import { printable } from '../judge/verdict/printable.ts'
import { clientVersion, getResource, getServices, type Talosctl } from './talosctl.ts'

/** Nodes that are asked at once. */
const AT_ONCE = 4

type Asked = {
  readonly documents: ReadonlyMap<string, readonly object[]>
  readonly unanswered: readonly object[]
  readonly table: string
}

/** Writes into a new folder. UsageError where there is a folder already, and for a talosctl that cannot be asked. */
export async function collect(
  folder: string,
  { nodes = [], ...talosctl }: Talosctl & { readonly nodes?: readonly string[] | undefined },
): Promise<void> {
  await clientVersion(talosctl)
  await mkdir(folder, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'EEXIST' ? 'it is there already: name a new folder' : cause.message
    throw new UsageError(`${folder} cannot be made: ${reason}`, { cause })
  })
  const asked = await mapInParallel(nodes, (node) => askNode(talosctl, node), AT_ONCE)
  for (const name of RESOURCE_NAMES) {
    const answers = asked.flatMap(({ documents }) => documents.get(name) ?? [])
    const isAnswered = asked.some(({ documents }) => documents.has(name))
    if (isAnswered) await write(folder, `${name}.json`, toStream(answers))
  }
  const unanswered = asked.flatMap((one) => one.unanswered)
  await write(folder, 'unanswered.json', toStream(unanswered))
  for (const [at, { table }] of asked.entries()) if (table !== '') await write(folder, `services.${at + 1}.txt`, table)
}

async function write(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text, { flag: 'wx', mode: 0o600 })
}

function toStream(documents: readonly object[]): string {
  return documents.map((document) => `${JSON.stringify(document, null, 4)}\n`).join('')
}

/** All that one node says; of a node that does not say its version nothing more is asked. */
async function askNode(talosctl: Talosctl, node: string): Promise<Asked> {
  const documents = new Map<string, readonly object[]>()
  const unanswered: object[] = []
  const ask = async (name: ResourceName): Promise<boolean> => {
    talosctl.signal?.throwIfAborted()
    const { stdout, reason, ...rest } = await getResource(talosctl, node, name)
    const kept = stdout === undefined ? reason : keep(name, node, stdout)
    if (typeof kept !== 'string') {
      documents.set(name, kept)
      return true
    }
    unanswered.push({ metadata: { id: name }, node, spec: {} })
    if (!('isUnknownKind' in rest && rest.isUnknownKind)) say(`${node}: no ${name}: ${kept}`)
    return false
  }
  if (!(await ask('versions'))) {
    unanswered.push(
      ...RESOURCE_NAMES.filter((name) => name !== 'versions').map((id) => ({ metadata: { id }, node, spec: {} })),
    )
    return { documents, unanswered, table: '' }
  }
  for (const name of RESOURCE_NAMES) if (name !== 'versions' && name !== 'unanswered') await ask(name)
  const { stdout, reason } = await getServices(talosctl, node)
  talosctl.signal?.throwIfAborted()
  const table = stdout === undefined ? { reason } : ownTable(stdout, node)
  if (table.reason !== undefined) say(`${node}: no table of services: ${table.reason}`)
  return { documents, unanswered, table: table.text?.split('\n').map(redactText).join('\n') ?? '' }
}

type Table = { readonly text?: string; readonly reason?: string }

/**
 * The table with `node` as the node of each row, or the reason that there is none; one node's must not keep others
 * from being judged.
 */
function ownTable(stdout: Uint8Array, node: string): Table {
  try {
    return { text: setNode(stdout, `services of ${node}`, node) }
  } catch (error) {
    if (error instanceof HarnessError) return { reason: describeError(error) }
    throw error
  }
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}

type Document = { readonly metadata?: Readonly<Record<string, unknown>> | null; readonly spec?: unknown }

/** The documents without secrets, or the reason that there are none. */
function keep(name: ResourceName, node: string, stdout: Uint8Array): readonly object[] | string {
  try {
    const documents = readJsonStream(stdout, `${name} of ${node}`).map(({ value }) => value as Document)
    // Of what Talos keeps beside its partitions only the staged upgrade is of interest.
    const own = name === 'metakeys' ? documents.filter(({ metadata }) => isStagedUpgrade(metadata?.['id'])) : documents
    return own.map(({ metadata, spec }) => {
      const { id, namespace, type, version } = metadata ?? {}
      const known = knownFields(name, spec, `${name} of ${node}`)
      return { metadata: { id, namespace, type, version }, node, spec: withoutSecrets(name, known) }
    })
  } catch (error) {
    if (error instanceof HarnessError) return describeError(error)
    throw error
  }
}

/** Of a resource only what is read: a schematic is in the description of its extension, with all its arguments. */
function withoutSecrets(name: ResourceName, spec: unknown): unknown {
  if (name === 'machineconfigs') return configWithout(spec)
  if (name === 'extensionserviceconfigs') return serviceWithout(spec as ServiceSpec)
  return mapTexts(spec, redactText)
}

/** FormatError of the reader for a text that is no YAML: it is not kept, for nothing says where its secrets are. */
function configWithout(spec: unknown): string {
  if (spec === undefined || spec === null)
    throw new HarnessError('MALFORMED', 'it is not kept: expected a configuration in its spec, got none')
  const text = redactConfig(typeof spec === 'string' ? spec : JSON.stringify(spec, null, 2))
  const { secrets } = machineConfigFacts(parseMachineConfig([{ path: 'configuration', bytes: Buffer.from(text) }]))
  const [left] = secrets
  // A second look by the rule's own eyes: better no configuration than one with a secret.
  if (left !== undefined) throw new HarnessError('UNSUPPORTED', `it is not kept, for ${left.field} may be a secret`)
  return text
}

type ServiceSpec = {
  readonly environment?: readonly string[] | null
  readonly files?: readonly { readonly mountPath: string }[] | null
}

/** Files of services are for programs that we do not know: their content is not kept. */
function serviceWithout({ environment, files }: ServiceSpec): ServiceSpec {
  return {
    ...(environment && { environment: environment.map(redactVariable) }),
    ...(files && { files: files.map(({ mountPath }) => ({ content: REDACTED, mountPath })) }),
  }
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]))
}
