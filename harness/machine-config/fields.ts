// Fields of a machine configuration as they are, each with its place. What has another shape than Talos' counts as
// absent here: that it is wrong is for the rule about valid structure to say, once.
import type { YamlMap, YamlNode, YamlPlace } from '../formats/yaml/nodes.ts'

export type PlacedText = { readonly value: string; readonly at: YamlPlace }

/** An entry of a map of texts; `at` is the place of the value, `nameAt` that of the key. */
export type PlacedEntry = PlacedText & { readonly name: string; readonly nameAt: YamlPlace }

/** A value of any shape as plain data, deeper than MAX_DEPTH cut off. */
export type FieldTree =
  | { readonly kind: 'scalar'; readonly value: string | null; readonly at: YamlPlace }
  | { readonly kind: 'list'; readonly items: readonly FieldTree[]; readonly at: YamlPlace }
  | { readonly kind: 'map'; readonly entries: readonly FieldEntry[]; readonly at: YamlPlace }
type FieldEntry = { readonly name: string; readonly nameAt: YamlPlace; readonly value: FieldTree }

/** Deeper than the types of Kubernetes go. */
const MAX_DEPTH = 32

export function toFieldTree(node: YamlNode, depth = 0): FieldTree {
  const { at } = node
  if (node.kind === 'scalar') return { kind: 'scalar', value: node.value, at }
  if (depth > MAX_DEPTH) return { kind: 'scalar', value: null, at }
  if (node.kind === 'list') return { kind: 'list', items: node.items.map((item) => toFieldTree(item, depth + 1)), at }
  const entries = [...node.entries].map(([name, { keyAt: nameAt, value }]) => ({
    name,
    nameAt,
    value: toFieldTree(value, depth + 1),
  }))
  return { kind: 'map', entries, at }
}

export function fieldAt(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let found = node
  for (const key of path) found = found?.kind === 'map' ? found.entries.get(key)?.value : undefined
  return found?.kind === 'scalar' && found.value === null ? undefined : found
}

/** The place of the last key of `path`. */
export function keyAt(node: YamlNode | undefined, ...path: readonly string[]): YamlPlace | undefined {
  const map = fieldAt(node, ...path.slice(0, -1))
  return map?.kind === 'map' ? map.entries.get(path.at(-1) ?? '')?.keyAt : undefined
}

export function mapAt(node: YamlNode | undefined, ...path: readonly string[]): YamlMap | undefined {
  const found = fieldAt(node, ...path)
  return found?.kind === 'map' ? found : undefined
}

export function itemsAt(node: YamlNode | undefined, ...path: readonly string[]): readonly YamlNode[] {
  const found = fieldAt(node, ...path)
  return found?.kind === 'list' ? found.items : []
}

/** The empty text is a text. */
export function textAt(node: YamlNode | undefined, ...path: readonly string[]): PlacedText | undefined {
  const found = fieldAt(node, ...path)
  return found?.kind === 'scalar' ? { value: found.value ?? '', at: found.at } : undefined
}

export function textsAt(node: YamlNode | undefined, ...path: readonly string[]): readonly PlacedText[] {
  return itemsAt(node, ...path).flatMap((item) => textAt(item) ?? [])
}

export function entriesAt(node: YamlNode | undefined, ...path: readonly string[]): readonly PlacedEntry[] {
  const map = mapAt(node, ...path)
  return [...(map?.entries ?? [])].map(([name, { keyAt: nameAt, value }]) => ({
    name,
    nameAt,
    value: value.kind === 'scalar' ? (value.value ?? '') : '',
    at: value.at,
  }))
}
