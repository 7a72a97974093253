// Talos machine configuration: a stream of documents, one of them (v1alpha1) without a kind, and patches over it.
// https://docs.siderolabs.com/talos/v1.11/reference/configuration; merging: siderolabs/talos pkg/machinery/config/merge
// and configpatcher/strategic.go.
import { FormatError } from '../errors.ts'
import { formatPlace, parseYamlNodes, type YamlMap, type YamlNode, type YamlPlace } from '../formats/yaml/nodes.ts'
import { deletesDocument, mergeMaps, refusePatches, stripPatches } from './merge.ts'

/** `path` is how findings name the file. */
export type ConfigFile = { readonly path: string; readonly bytes: Uint8Array }

export type ConfigDocument = {
  /** Undefined for the v1alpha1 document, that of `machine:` and `cluster:`. */
  readonly kind: string | undefined
  /** Undefined for a kind of which there is one. */
  readonly name: string | undefined
  readonly root: YamlMap
}

export type MachineConfig = {
  /** All files merged; each value still knows its file. */
  readonly documents: readonly ConfigDocument[]
  /** Each file as it stands, what a later one overrides included. */
  readonly files: readonly {
    readonly path: string
    readonly text: string
    readonly documents: readonly ConfigDocument[]
  }[]
  /** The beginning of the first file. */
  readonly start: YamlPlace
}

const MACHINE_KEYS = ['version', 'debug', 'persist', 'machine', 'cluster']

/**
 * The first file with the others merged over it in order, as `talosctl machineconfig patch` does with strategic merge
 * patches. FormatError `machine-config`: MALFORMED for what is no such configuration, UNSUPPORTED for JSON patches and
 * for `$patch` where Talos or this reader cannot apply it; errors of parseYamlNodes. `at.path` is `file:line:column`.
 */
export function parseMachineConfig(files: readonly ConfigFile[]): MachineConfig {
  const parsed = files.map(({ path, bytes }) => ({
    path,
    text: new TextDecoder().decode(bytes),
    documents: parseDocuments(bytes, path),
  }))
  const [first, ...patches] = parsed
  const start = { path: first?.path ?? '', line: 1, column: 1 }
  if (first === undefined || first.documents.length === 0)
    throw malformed(start, 'expected machine configuration, got no document')
  for (const { root } of first.documents) refusePatches(root)
  let documents = first.documents
  for (const patch of patches) documents = applyPatch(documents, patch.documents)
  return { documents, files: parsed, start }
}

function parseDocuments(bytes: Uint8Array, path: string): readonly ConfigDocument[] {
  const documents = parseYamlNodes(bytes, { path })
    .filter((node) => !isNothing(node))
    .map(toDocument)
  const seen = new Set<string>()
  for (const document of documents) {
    const id = idOf(document)
    if (seen.has(id))
      throw malformed(document.root.at, `expected one document ${describe(document)} in a file, got two`)
    seen.add(id)
  }
  return documents
}

function toDocument(root: YamlNode): ConfigDocument {
  if (root.kind === 'list')
    throw new FormatError(
      'machine-config',
      'UNSUPPORTED',
      'expected a strategic merge patch, got a list: a JSON patch',
      {
        at: { path: formatPlace(root.at) },
      },
    )
  if (root.kind === 'scalar') throw malformed(root.at, 'expected a mapping, got a scalar')
  const kind = textOf(root, 'kind')
  if (kind === undefined) {
    const strange = [...root.entries].find(([key]) => !MACHINE_KEYS.includes(key) && key !== '$patch')
    if (strange !== undefined)
      throw malformed(
        strange[1].keyAt,
        `expected a document with a kind, or one with ${MACHINE_KEYS.join(', ')}, got ${quote(strange[0])}`,
      )
    return { kind, name: undefined, root }
  }
  const version = textOf(root, 'apiVersion')
  if (version !== 'v1alpha1')
    throw malformed(root.at, `expected a Talos document of apiVersion v1alpha1, got ${quote(version ?? 'none')}`)
  return { kind, name: textOf(root, 'name'), root }
}

/** Documents of the same kind and name are merged, others appended. */
function applyPatch(documents: readonly ConfigDocument[], patch: readonly ConfigDocument[]): readonly ConfigDocument[] {
  const merged = new Map(documents.map((document) => [idOf(document), document]))
  for (const document of patch) {
    const id = idOf(document)
    const { root } = document
    if (document.kind !== undefined && deletesDocument(root)) {
      merged.delete(id)
      continue
    }
    // Only the v1alpha1 document can lose parts of itself.
    if (document.kind !== undefined) refusePatches(root)
    const left = merged.get(id)
    merged.set(id, { ...document, root: left === undefined ? stripPatches(root) : mergeMaps(left.root, root) })
  }
  return [...merged.values()]
}

function idOf({ kind, name }: ConfigDocument): string {
  return JSON.stringify([kind ?? null, name ?? null])
}

function describe({ kind, name }: ConfigDocument): string {
  return [kind ?? 'v1alpha1', ...(name === undefined ? [] : [quote(name)])].join(' ')
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

function textOf(map: YamlMap, key: string): string | undefined {
  const value = map.entries.get(key)?.value
  if (value === undefined || isNothing(value)) return undefined
  if (value.kind !== 'scalar') throw malformed(value.at, `expected text as ${key}, got a ${value.kind}`)
  return value.value ?? undefined
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

function malformed(at: YamlPlace, message: string): FormatError {
  return new FormatError('machine-config', 'MALFORMED', message, { at: { path: formatPlace(at) } })
}
