// A machine configuration and patches over it, as Talos of one minor reads them: siderolabs/talos
// pkg/machinery/config/configpatcher.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import type { Minor, Schema } from '../schema/schema.ts'
import { schemaOf } from '../schema/schema.ts'
import type { GoNode } from '../yaml/node.ts'
import { findExclusions } from './container.ts'
import type { Deletion } from './deletes.ts'
import { readDocuments, type FilePart, type ReadDocument } from './documents.ts'
import { applyJsonPatch, isJsonPatch } from './json-patch.ts'
import { mergeStruct, withoutEmpty } from './merge.ts'
import type { Problem } from './problem.ts'
import { deletePart } from './selection.ts'

/** The documents of a file by themselves, before a type is asked for. */
export type ParsedFile = { readonly path: string; readonly roots: readonly GoNode[] }

export type Reading = {
  readonly minor: Minor
  /** All files merged; each value still knows its file. */
  readonly documents: readonly ReadDocument[]
  readonly problems: readonly Problem[]
}

/** The first file with the others over it, in order. */
export function readFiles(minor: Minor, files: readonly ParsedFile[]): Reading {
  const schema = schemaOf(minor)
  const [base, ...patches] = files
  if (base === undefined) return { minor, documents: [], problems: [] }
  let state = readBase(schema, base)
  for (const patch of patches)
    state = isJsonPatch(patch.roots) ? patchAsJson(schema, state, patch) : patchStrategically(schema, state, patch)
  // A patched configuration is written and read again.
  const documents =
    patches.length === 0 ? state.documents : state.documents.map((document) => rewrite(schema, document))
  return { minor, documents, problems: dedupe(state.problems) }
}

/** `roots` is the file as a JSON patch finds it; undefined once a strategic patch has changed it. */
type State = {
  readonly documents: readonly ReadDocument[]
  readonly problems: readonly Problem[]
  readonly roots?: readonly GoNode[]
}

function readBase(schema: Schema, { path, roots }: ParsedFile): State {
  const { parts, problems } = readDocuments(schema, roots, false)
  const documents = parts.flatMap((part) => ('document' in part ? [part.document] : []))
  const empty = documents.length === 0 && problems.length === 0 ? [nothingIn(path)] : []
  return { documents, problems: [...problems, ...empty, ...findExclusions(schema, documents)], roots }
}

function nothingIn(path: string): Problem {
  const at = { path, line: 1, column: 1 }
  return { class: 'syntax', at, key: '', message: 'has no document', expected: 'a machine configuration' }
}

function patchAsJson(schema: Schema, state: State, { path, roots }: ParsedFile): State {
  const at = roots[0]?.at ?? { path, line: 1, column: 1 }
  const fail = (place: YamlPlace, key: string, message: string): State => ({
    documents: state.documents,
    problems: [...state.problems, { class: 'patch', at: place, key, message }],
  })
  const before = state.roots ?? state.documents.map(({ root }) => toNode(root))
  const [only] = before
  if (only === undefined || before.length > 1)
    return fail(at, '', 'is a JSON patch (or holds nothing), which Talos applies to a single document only')
  const patched = applyJsonPatch(only, roots)
  if ('message' in patched) return fail(patched.at, patched.path, patched.message)
  const next = readDocuments(schema, [patched.root], false)
  return {
    documents: next.parts.flatMap((part) => ('document' in part ? [part.document] : [])),
    problems: [...state.problems, ...next.problems],
    roots: [patched.root],
  }
}

function patchStrategically(schema: Schema, state: State, patch: ParsedFile): State {
  const { parts, problems } = readDocuments(schema, patch.roots, true)
  const patchDocuments = parts.flatMap((part) => ('document' in part ? [part.document] : []))
  const all: Problem[] = [...state.problems, ...problems]
  if (parts.length === 0 && problems.length === 0) all.push(nothingIn(patch.path))
  if (schema.minor !== '1.14') all.push(...findExclusions(schema, patchDocuments))
  const documents = new Map(state.documents.map((document) => [idOf(document), document]))
  for (const part of parts) applyPart(schema, documents, part, all)
  const merged = [...documents.values()]
  return { documents: merged, problems: [...all, ...findExclusions(schema, merged)] }
}

function applyPart(schema: Schema, documents: Map<string, ReadDocument>, part: FilePart, problems: Problem[]): void {
  if ('document' in part) {
    const { document } = part
    const id = idOf(document)
    const left = documents.get(id)
    const root = left?.type === undefined ? document.root : mergeStruct(schema, left.type, left.root, document.root)
    documents.set(id, { ...document, root })
    return
  }
  const { deletion } = part
  const id = deletionId(schema, deletion)
  const target = documents.get(id)
  const fail = (message: string): void => {
    problems.push({ class: 'patch', at: deletion.at, key: deletion.path.join('.'), message })
  }
  if (target === undefined) {
    if (schema.minor !== '1.14') fail('deletes of a document that is not there, at which Talos crashes')
  } else if (deletion.path.length === 0) documents.delete(id)
  else if (target.type !== undefined) {
    const root = deletePart(schema, target.type, target.root, deletion)
    if (root === undefined) fail('deletes what is not there')
    else documents.set(id, { ...target, root })
  }
}

/** The document as it is written again: empty lists and mappings are omitted. */
function rewrite(schema: Schema, document: ReadDocument): ReadDocument {
  const { type } = document
  return type === undefined ? document : { ...document, root: withoutEmpty(schema, type, document.root) }
}

function idOf({ kind, name }: ReadDocument): string {
  return `${kind ?? 'v1alpha1'}/${name ?? ''}`
}

function deletionId(schema: Schema, { kind, name }: Deletion): string {
  return `${kind}/${schema.kinds.get(kind)?.named === true ? name : ''}`
}

function dedupe(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ at, key, message }) => {
    const id = JSON.stringify([at, key, message])
    const isNew = !seen.has(id)
    seen.add(id)
    return isNew
  })
}

/** A decoded value as the text that Talos writes before a JSON patch. */
function toNode(value: ReadDocument['root'] | Parameters<typeof nodeOf>[0]): GoNode {
  return nodeOf(value)
}

function nodeOf(value: import('./value.ts').Value): GoNode {
  if (value.kind === 'scalar') return { kind: 'scalar', text: value.value ?? '', tag: value.tag, at: value.at }
  if (value.kind === 'list') return { ...value, items: value.items.map(nodeOf) }
  const pairs = [...value.entries].map(([key, { keyAt, value: inner }]) => ({
    key: { kind: 'scalar' as const, text: key, tag: '!!str', at: keyAt },
    value: nodeOf(inner),
  }))
  return { kind: 'map', pairs, at: value.at }
}
