// The keys of a mapping as go-yaml takes them: none twice, and merge keys expanded where they are merged.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import type { Minor } from '../schema/schema.ts'
import { pointedAt, type TypeExpression } from '../schema/type-expression.ts'
import type { GoMap, GoNode, GoPair } from '../yaml/node.ts'

type Flaw = { readonly at: YamlPlace; readonly key: string; readonly message: string; readonly expected?: string }

export type PairOptions = {
  readonly minor: Minor
  /** No alias was followed on the way here. */
  readonly direct: boolean
  /** A mapping with keys of any name. */
  readonly isFree: boolean
  /** The type of its values. */
  readonly item?: TypeExpression | undefined
}

/** Merged pairs cost memory: a mapping of more is hostile. */
const MAX_PAIRS = 100_000

export function expandPairs(
  map: GoMap,
  options: PairOptions,
): { readonly pairs: readonly GoPair[]; readonly flaws: readonly Flaw[] } {
  const expansion = new Expansion()
  const merged: GoNode[] = []
  for (const pair of map.pairs) {
    const { key } = pair
    const id = key.kind === 'scalar' ? key.text : key.kind === 'alias' ? `*${key.name}` : ''
    const before = expansion.seen.get(id)
    if (before !== undefined) {
      expansion.flaws.push({ at: key.at, key: id, message: `is set twice, first at line ${before.at.line}` })
      continue
    }
    expansion.seen.set(id, key)
    if (key.kind !== 'scalar' || key.tag !== '!!merge') expansion.pairs.push(pair)
    else if (options.isFree && options.direct && refusesMerge(pair.value, options))
      expansion.flaws.push({ at: key.at, key: '<<', message: 'is no key that is merged there' })
    // The check for unknown keys takes << for a key like any other.
    else if (options.direct && !options.isFree) expansion.pairs.push(pair)
    else merged.push(pair.value)
  }
  for (const node of merged) expansion.merge(node)
  return expansion
}

/** True if the check for unknown keys stumbles over what a merge key holds: it takes it for an element. */
function refusesMerge(value: GoNode, { item, minor }: PairOptions): boolean {
  const element = item === undefined ? undefined : pointedAt(item)
  return element?.of === 'scalar' && (value.kind !== 'alias' || minor === '1.14')
}

class Expansion {
  readonly pairs: GoPair[] = []
  readonly flaws: Flaw[] = []
  readonly seen = new Map<string, GoNode>()
  readonly #open = new Set<GoNode>()

  merge(node: GoNode): void {
    const target = node.kind === 'alias' ? node.target() : node
    if (target === undefined || this.#open.has(target) || this.pairs.length > MAX_PAIRS) {
      this.flaws.push({ at: node.at, key: '<<', message: 'merges itself, or too much' })
      return
    }
    this.#open.add(target)
    if (target.kind === 'list') for (const item of target.items) this.merge(item)
    else if (target.kind === 'map') for (const pair of target.pairs) this.#mergePair(pair)
    else
      this.flaws.push({
        at: node.at,
        key: '<<',
        message: 'is no mapping to merge',
        expected: 'a mapping, or a list of them',
      })
    this.#open.delete(target)
  }

  #mergePair(pair: GoPair): void {
    const id = pair.key.kind === 'scalar' ? pair.key.text : ''
    if (pair.key.kind === 'scalar' && pair.key.tag === '!!merge') this.merge(pair.value)
    else if (!this.seen.has(id)) {
      this.seen.set(id, pair.key)
      this.pairs.push(pair)
    }
  }
}
