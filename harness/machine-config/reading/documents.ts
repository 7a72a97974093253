// The documents of one file as Talos' loader decodes them: siderolabs/talos pkg/machinery/config/configloader
// (internal/decoder/decoder.go) and config/container/container.go.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import type { Schema } from '../schema/schema.ts'
import { describeMinors, MINORS, schemaOf } from '../schema/schema.ts'
import { isNull, scalarUnder, type GoMap, type GoNode } from '../yaml/node.ts'
import { decodeDocument, decodeFree } from './decode.ts'
import { takeDeletes, type Deletion } from './deletes.ts'
import type { Problem } from './problem.ts'
import { suggest } from './suggest.ts'
import type { MapValue } from './value.ts'

export type ReadDocument = {
  /** The kind; undefined for v1alpha1, that of `machine:` and `cluster:`. */
  readonly kind: string | undefined
  /** The name; undefined for a kind of which there is one. */
  readonly name: string | undefined
  /** The name of its type; undefined for a kind that this minor does not know. */
  readonly type: string | undefined
  readonly root: MapValue
}

export type FilePart = { readonly document: ReadDocument } | { readonly deletion: Deletion }
export type ReadFile = { readonly parts: readonly FilePart[]; readonly problems: readonly Problem[] }

const V1ALPHA1_KEYS = new Set(['machine', 'cluster', 'debug', 'persist'])

/** The documents of a file, those of a patch with its deletions before them. */
export function readDocuments(schema: Schema, roots: readonly GoNode[], isPatch: boolean): ReadFile {
  const parts: FilePart[] = []
  const problems: Problem[] = []
  const seen = new Map<string, YamlPlace>()
  for (const original of roots) {
    let root: GoNode | undefined = original
    if (isPatch && (original.kind === 'map' || original.kind === 'list')) {
      const found = takeDeletes(original)
      for (const { at, path, message } of found.errors) problems.push({ class: 'patch', at, key: path, message })
      parts.push(...found.deletions.map((deletion) => ({ deletion })))
      root = found.rest
    }
    if (root === undefined || (isNull(root) && schema.minor !== '1.11')) continue
    if (root.kind !== 'map') {
      problems.push({
        class: 'syntax',
        at: root.at,
        key: '',
        message: isNull(root) ? 'is an empty document' : 'is no document',
        expected: 'a mapping',
        got:
          root.kind === 'list' ? 'a list' : isNull(root) ? 'nothing' : root.kind === 'alias' ? 'an alias' : 'a scalar',
      })
      continue
    }
    const id = idOf(root)
    const before = seen.get(id)
    if (before === undefined) seen.set(id, root.at)
    else if (!(isPatch && schema.minor === '1.14')) problems.push(duplicate(root, before))
    parts.push({ document: readDocument(schema, root, problems) })
  }
  return { parts, problems }
}

function readDocument(schema: Schema, root: GoMap, problems: Problem[]): ReadDocument {
  const { kind, version } = identify(root)
  const name = scalarUnder(root, 'name')
  const isMain = version === 'v1alpha1' && kind === ''
  const structure = isMain ? schema.kinds.get('v1alpha1') : version === 'v1alpha1' ? schema.kinds.get(kind) : undefined
  if (structure === undefined || kind === 'v1alpha1') {
    problems.push(unknownDocument(schema, root, kind, version))
    const { value } = decodeFree(schema, root, '')
    return { kind: kind === '' ? undefined : kind, name: name === '' ? undefined : name, type: undefined, root: value }
  }
  const decoding = decodeDocument(schema, root, structure.type, isMain ? '' : `${kind}: `)
  problems.push(...decoding.problems)
  const given = decoding.value.entries.get('name')?.value
  return {
    kind: isMain ? undefined : kind,
    name: structure.named ? (given?.kind === 'scalar' ? (given.value ?? '') : '') : undefined,
    type: structure.type,
    root: decoding.value,
  }
}

/** The loader looks at keys and values alike, the last one holds. */
function identify(root: GoMap): { readonly kind: string; readonly version: string } {
  let kind = ''
  let version = ''
  for (const { key, value } of root.pairs) {
    const name = key.kind === 'scalar' ? key.text : ''
    const text = value.kind === 'alias' ? value.target() : value
    if (name === 'kind') kind = text?.kind === 'scalar' && !isNull(text) ? text.text : ''
    else if (name === 'apiVersion') version = text?.kind === 'scalar' && !isNull(text) ? text.text : ''
    if (V1ALPHA1_KEYS.has(name) || (value.kind === 'scalar' && V1ALPHA1_KEYS.has(value.text))) version = 'v1alpha1'
  }
  return { kind, version }
}

function idOf(root: GoMap): string {
  const kind = scalarUnder(root, 'kind')
  return JSON.stringify([scalarUnder(root, 'apiVersion'), kind === '' ? 'v1alpha1' : kind, scalarUnder(root, 'name')])
}

function placeOf(root: GoMap, name: string): YamlPlace {
  return root.pairs.find(({ key }) => key.kind === 'scalar' && key.text === name)?.key.at ?? root.at
}

function duplicate(root: GoMap, before: YamlPlace): Problem {
  const kind = scalarUnder(root, 'kind')
  const name = scalarUnder(root, 'name')
  return {
    class: 'document',
    at: kind === '' ? root.at : placeOf(root, name === '' ? 'kind' : 'name'),
    key: kind === '' ? 'v1alpha1' : `${kind}${name === '' ? '' : ` ${name}`}`,
    message: `is there twice, first at line ${before.line}`,
    expected: 'one document of a kind and name',
  }
}

function unknownDocument(schema: Schema, root: GoMap, kind: string, version: string): Problem {
  const other = MINORS.filter((minor) => minor !== schema.minor && schemaOf(minor).kinds.has(kind))
  if (kind === '') {
    const [first] = root.pairs
    return {
      class: 'document',
      at: first?.key.at ?? root.at,
      key: first?.key.kind === 'scalar' ? first.key.text : '',
      message: 'begins a document without a kind',
      expected: 'a kind and apiVersion, or machine and cluster',
      got: `the keys ${root.pairs
        .slice(0, 8)
        .map(({ key }) => (key.kind === 'scalar' ? key.text : '?'))
        .join(', ')}`,
    }
  }
  if (schema.kinds.has(kind) && kind !== 'v1alpha1')
    return {
      class: 'document',
      at: placeOf(root, 'kind'),
      key: `${kind}: apiVersion`,
      message: version === '' ? 'is missing' : 'is no version of the kind',
      expected: 'v1alpha1',
      got: version === '' ? 'none' : version,
    }
  const since = other.length === 0 ? '' : `, but for Talos ${describeMinors(other)}`
  const meant = suggest(
    kind,
    [...schema.kinds.keys()].filter((one) => one !== 'v1alpha1'),
  )
  return {
    class: 'document',
    at: placeOf(root, 'kind'),
    key: kind,
    message: `is no kind of document${since}`,
    ...(meant !== undefined && other.length === 0 && { expected: meant }),
    got: kind,
  }
}
