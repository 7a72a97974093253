// `$patch: delete` in a patch: what a document loses, and what is left of the patch. siderolabs/talos
// pkg/machinery/config/configloader/internal/decoder/delete.go.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import { scalarUnder, type GoMap, type GoNode, type GoPair } from '../yaml/node.ts'

/** Parts to delete of a document of `kind` and `name`. */
export type Deletion = {
  /** Keys, and `[0]` for the item of a list; empty for the document as a whole. */
  readonly path: readonly string[]
  readonly kind: string
  readonly name: string
  /** The first other key beside the directive says which item of a list is meant. */
  readonly item?: { readonly key: string; readonly value: string }
  readonly at: YamlPlace
}

export type DeletesFound = {
  readonly deletions: readonly Deletion[]
  /** The rest; undefined where nothing is left of the document. */
  readonly rest: GoNode | undefined
  readonly errors: readonly { readonly at: YamlPlace; readonly path: string; readonly message: string }[]
}

/** Takes the deletions out of a document of a patch. */
export function takeDeletes(root: GoNode): DeletesFound {
  const taker = new Taker(root)
  const rest = taker.walk(root, [], 'document')
  return {
    deletions: taker.deletions,
    errors: taker.errors,
    rest: rest !== undefined && saysNothing(rest) ? undefined : rest,
  }
}

type Parent = 'document' | 'map' | 'list'

class Taker {
  readonly deletions: Deletion[] = []
  readonly errors: { at: YamlPlace; path: string; message: string }[] = []
  readonly #root: GoNode

  constructor(root: GoNode) {
    this.#root = root
  }

  /** The rest of a node; undefined where it goes. */
  walk(node: GoNode, path: readonly string[], parent: Parent): GoNode | undefined {
    if (node.kind === 'map') return this.#walkMap(node, path, parent)
    if (node.kind !== 'list') return node
    const items = node.items
      .map((item, index) => this.walk(item, [...path, `[${index}]`], 'list'))
      .filter((item) => item !== undefined)
    return items.length === 0 && node.items.length > 0 ? undefined : { ...node, items }
  }

  #walkMap(map: GoMap, path: readonly string[], parent: Parent): GoNode | undefined {
    const pairs: GoPair[] = []
    for (const pair of map.pairs) {
      const key = pair.key.kind === 'scalar' ? pair.key.text : ''
      if (key === '$patch' && pair.value.kind === 'scalar' && pair.value.text === 'delete') {
        this.#delete(map, path, parent, parent === 'list' ? map.at : pair.key.at)
        return undefined
      }
      const value = this.walk(pair.value, [...path, key], 'map')
      if (value !== undefined) pairs.push({ ...pair, value })
    }
    return pairs.length === 0 && map.pairs.length > 0 ? undefined : { ...map, pairs }
  }

  #delete(map: GoMap, path: readonly string[], parent: Parent, at: YamlPlace): void {
    const fail = (message: string): number => this.errors.push({ at, path: path.join('.'), message })
    if (parent !== 'list' && path.some((part) => part.startsWith('['))) {
      fail('deletes a key inside a list item, which Talos cannot')
      return
    }
    const root = this.#root.kind === 'map' ? this.#root : map
    const kind = scalarUnder(root, 'kind')
    const version = scalarUnder(root, 'apiVersion')
    if (path.length === 0 && (kind === '' || version === '')) {
      fail('deletes a document without naming its kind and apiVersion')
      return
    }
    if ((kind === '') !== (version === '')) {
      fail('names only one of kind and apiVersion')
      return
    }
    const target = { path, kind: kind === '' ? 'v1alpha1' : kind, name: scalarUnder(root, 'name'), at }
    if (parent !== 'list') {
      this.deletions.push(target)
      return
    }
    const other = map.pairs.find(({ key }) => !(key.kind === 'scalar' && key.text === '$patch'))
    if (other?.key.kind !== 'scalar') fail('deletes a list item without a key that says which')
    else
      this.deletions.push({
        ...target,
        item: { key: other.key.text, value: other.value.kind === 'scalar' ? other.value.text : '' },
      })
  }
}

/** A document of nothing but its name is dropped. */
function saysNothing(node: GoNode): boolean {
  return (
    node.kind === 'map' &&
    node.pairs.every(
      ({ key, value }) =>
        key.kind === 'scalar' && value.kind === 'scalar' && ['version', 'kind', 'name'].includes(key.text),
    )
  )
}
