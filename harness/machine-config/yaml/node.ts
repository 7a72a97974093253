// The nodes of a YAML stream as go-yaml composes them, before a type is asked for: gopkg.in/yaml.v3 (Talos 1.11) and
// go.yaml.in/yaml/v4 (since 1.12), decode.go.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'

/** `tag` is short (`!!int`), resolved from the text where a plain scalar has none. */
export type GoScalar = {
  readonly kind: 'scalar'
  readonly text: string
  readonly tag: string
  readonly at: YamlPlace
}
export type GoPair = { readonly key: GoNode; readonly value: GoNode }
export type GoMap = { readonly kind: 'map'; readonly pairs: readonly GoPair[]; readonly at: YamlPlace }
export type GoList = { readonly kind: 'list'; readonly items: readonly GoNode[]; readonly at: YamlPlace }
/** `target` is undefined only while the anchor that it names is still open: it is inside of it. */
type GoAlias = {
  readonly kind: 'alias'
  readonly name: string
  readonly target: () => GoNode | undefined
  readonly at: YamlPlace
}
export type GoNode = GoScalar | GoMap | GoList | GoAlias

/** A scalar that decodes to the zero value of any field. */
export function isNull(node: GoNode): boolean {
  return node.kind === 'scalar' && node.tag === '!!null'
}

/** The text of a scalar under a key, '' for what is absent or no scalar; aliases are not followed. */
export function scalarUnder(map: GoMap, name: string): string {
  for (const { key, value } of map.pairs)
    if (key.kind === 'scalar' && key.text === name) return value.kind === 'scalar' ? value.text : ''
  return ''
}

/** The same, or an alias of one. */
export function isNullThere(node: GoNode): boolean {
  const target = node.kind === 'alias' ? node.target() : node
  return target !== undefined && isNull(target)
}
