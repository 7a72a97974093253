// YAML documents as trees that know their places, for messages to a person: https://yaml.org/spec/1.2.2/
import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from 'yaml'
import type { Location } from '../../errors.ts'
import { composeYaml, failAt, yamlValue, type YamlSource } from './document.ts'

/** Line and column count from 1; a column is a UTF-16 unit, as editors count. */
export type YamlPlace = { readonly path: string; readonly line: number; readonly column: number }

/** Text as it is written, as Go gives it to a field of type string; null stays null. */
type YamlScalar = { readonly kind: 'scalar'; readonly value: string | null; readonly at: YamlPlace }
export type YamlList = { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly at: YamlPlace }
export type YamlEntry = { readonly keyAt: YamlPlace; readonly value: YamlNode }
export type YamlMap = { readonly kind: 'map'; readonly entries: ReadonlyMap<string, YamlEntry>; readonly at: YamlPlace }
export type YamlNode = YamlScalar | YamlList | YamlMap

/** `worker.yaml:12:5`. */
export function formatPlace({ path, line, column }: YamlPlace): string {
  return `${path}:${line}:${column}`
}

/**
 * The documents of a stream as trees; what an alias names has the place of its anchor. FormatError `yaml` as of
 * parseYaml, and UNSUPPORTED for a merge key, which the core schema takes for a key like any other and Go does not.
 */
export function parseYamlNodes(bytes: Uint8Array, where: Location = {}): readonly YamlNode[] {
  const trees: YamlNode[] = []
  let placeOf: PlaceOf | undefined
  for (const { document, source } of composeYaml(bytes, where, { scalars: 'text' })) {
    // Refuses aliases that expand without end.
    yamlValue(document, where)
    placeOf ??= placesIn(source.text, where.path ?? '')
    trees.push(toTree(document, source, placeOf))
  }
  return trees
}

/** The place of a byte offset, for an error that has no line. */
export function placeOfOffset(bytes: Uint8Array, offset: number, path: string): YamlPlace {
  const before = new TextDecoder().decode(bytes.subarray(0, offset))
  return placesIn(before, path)(before.length)
}

export type PlaceOf = (position: number) => YamlPlace

/** Places by binary search: positions are asked for in no order that a scan could follow. */
export function placesIn(text: string, path: string): PlaceOf {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (position) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return { path, line: low + 1, column: position - (starts[low] ?? 0) + 1 }
  }
}

function toTree(document: Document.Parsed, source: YamlSource, placeOf: PlaceOf): YamlNode {
  // One tree for each node of the document, however many aliases name it.
  const known = new Map<Node, YamlNode>()
  const convert = (node: unknown, beside: number): YamlNode => {
    const target = isAlias(node) ? node.resolve(document) : (node as Node | null)
    const found = target === undefined || target === null ? undefined : known.get(target)
    if (found !== undefined) return found
    const position = target?.range?.[0] ?? beside
    const at = placeOf(position)
    let tree: YamlNode
    if (isMap(target)) {
      const entries = new Map<string, YamlEntry>()
      for (const { key, value } of target.items) {
        const name = isScalar(key) ? key : null
        const keyStart = name?.range?.[0] ?? position
        if (name?.value === '<<') throw failAt(source, 'UNSUPPORTED', 'expected no merge key, got <<', keyStart)
        entries.set(String(name?.value), { keyAt: placeOf(keyStart), value: convert(value, keyStart) })
      }
      tree = { kind: 'map', entries, at }
    } else if (isSeq(target)) {
      tree = { kind: 'list', items: target.items.map((item) => convert(item, position)), at }
    } else {
      const value = isScalar(target) ? target.value : null
      tree = { kind: 'scalar', value: value === null ? null : String(value), at }
    }
    if (target !== null && target !== undefined) known.set(target, tree)
    return tree
  }
  return convert(document.contents, 0)
}
