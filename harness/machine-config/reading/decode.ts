// Decoding of a document into the type of its kind, as go-yaml and siderolabs/gen/xyaml do it: what does not fit is a
// problem, the rest is a value.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import { describeMinors, MINORS, schemaOf, type Schema } from '../schema/schema.ts'
import { describeType, type TypeExpression } from '../schema/type-expression.ts'
import { isNull, isNullThere, type GoMap, type GoNode, type GoPair, type GoScalar } from '../yaml/node.ts'
import { expandPairs } from './pairs.ts'
import { describeNode, describeWords } from './describe.ts'
import { MAX_PROBLEMS, type Problem, type ProblemClass } from './problem.ts'
import { resolveScalar, takesOwn, takesScalar, takesWord } from './scalars.ts'
import { suggest } from './suggest.ts'
import { nullValue, type Entry, type MapValue, type Value } from './value.ts'

/** go-yaml's own bound is a ratio that small documents never meet; a "billion laughs" does within this many nodes. */
const MAX_NODES = 400_000

export type Decoding = { readonly value: MapValue; readonly problems: readonly Problem[] }

/** A mapping as a document of a type. `label` begins the keys of problems. */
export function decodeDocument(schema: Schema, root: GoMap, type: string, label: string): Decoding {
  const decoder = new Decoder(schema)
  const value = decoder.struct(root, type, { path: label, direct: true })
  return { value, problems: decoder.problems }
}

/** A mapping of an unknown kind: anything goes. */
export function decodeFree(schema: Schema, root: GoMap, label: string): Decoding {
  const decoder = new Decoder(schema)
  const value = decoder.any(root, { path: label, direct: true })
  return {
    value: value?.kind === 'map' ? value : { kind: 'map', entries: new Map(), at: root.at },
    problems: decoder.problems,
  }
}

/** `direct`: no alias was followed; up to 1.13 unknown keys are looked for only there. `keyAt`: the key of the value. */
type Where = { readonly path: string; readonly direct: boolean; readonly keyAt?: YamlPlace }

class Decoder {
  readonly problems: Problem[] = []
  readonly #schema: Schema
  readonly #open = new Set<GoNode>()
  #left = MAX_NODES

  constructor(schema: Schema) {
    this.#schema = schema
  }

  any(node: GoNode, where: Where): Value | undefined {
    return this.#decode(node, { of: 'any', replaced: false, mergesItself: false }, where)
  }

  struct(map: GoMap, name: string, where: Where): MapValue {
    const keys = this.#schema.keysOf(name)
    const entries = new Map<string, Entry>()
    for (const pair of this.#pairsOf(map, where, false)) {
      const key = this.#keyOf(pair, where)
      if (key === undefined) continue
      const type = keys.get(key)
      if (type === undefined) this.#unknownKey(pair.key.at, key, keys, where, name)
      else {
        const value = this.#decode(pair.value, type, below(where, key, pair.key.at))
        if (value !== undefined) entries.set(key, { keyAt: pair.key.at, value })
      }
    }
    return { kind: 'map', entries, at: map.at }
  }

  #decode(node: GoNode, type: TypeExpression, where: Where): Value | undefined {
    if (--this.#left < 0) {
      if (this.#left === -1) this.#report('syntax', node.at, where, 'the aliases of the document expand to too much')
      return undefined
    }
    if (node.kind === 'alias') return this.#follow(node, type, where)
    if (isNull(node)) return undefined
    switch (type.of) {
      case 'pointer':
        return this.#decode(node, type.item, where)
      case 'any':
        return this.#free(node, type, where)
      case 'struct':
        if (node.kind === 'map') return this.struct(node, type.name, where)
        break
      case 'map':
        if (node.kind === 'map') return this.#map(node, type.item, where)
        break
      case 'list':
        if (node.kind === 'list') return this.#list(node.items, node.at, type.item, where)
        break
      case 'scalar':
        if (node.kind === 'scalar' && takesScalar(type.name, node, this.#schema.minor)) return toScalar(node)
        break
      case 'own':
        return this.#own(node, type, where)
    }
    this.#mismatch(node, describeType(type), where)
    return undefined
  }

  #follow(node: GoNode & { kind: 'alias' }, type: TypeExpression, where: Where): Value | undefined {
    const target = node.target()
    if (target === undefined || this.#open.has(node)) {
      this.#report('syntax', node.at, where, `anchor ${node.name} holds an alias of itself`)
      return undefined
    }
    this.#open.add(node)
    const direct = where.direct && this.#schema.minor === '1.14'
    const value = this.#decode(target, type, { ...where, direct })
    this.#open.delete(node)
    return value
  }

  #own(node: GoNode, type: TypeExpression & { of: 'own' }, where: Where): Value | undefined {
    const { name } = type
    if (name.startsWith('PEMEncoded') && node.kind === 'map') return this.#pem(node, name, where)
    if (name === 'ClusterInlineManifests' && node.kind === 'list')
      return this.#list(node.items, node.at, struct('ClusterInlineManifest'), where)
    if (name === 'ArgValue' && node.kind === 'list') return this.#list(node.items, node.at, text, where)
    // Up to 1.12 go-yaml decodes into what is below a text type.
    const seesBelow = type.by === 'text' && this.#schema.minor < '1.13'
    if (node.kind === 'map' && node.pairs.length === 0 && seesBelow && type.under === 'struct') return undefined
    if (node.kind === 'list' && seesBelow && type.under === 'slice')
      return this.#list(node.items, node.at, octet, where)
    const words = type.by === 'enum' ? this.#schema.wordsOf(name) : undefined
    if (node.kind === 'scalar' && resolveScalar(node) !== undefined) {
      if (words === undefined ? takesOwn(name, node, this.#schema.minor) : takesWord(words, node.text))
        return toScalar(node)
    }
    this.#mismatch(node, words === undefined ? describeType(type) : describeWords(words, node), where)
    return undefined
  }

  /** Certificates and keys are base64 in text; keys may be redacted. */
  #pem(node: GoMap, name: string, where: Where): Value {
    const known = new Map(
      (name === 'PEMEncodedKey' ? ['key'] : name === 'PEMEncodedCertificate' ? ['crt'] : ['crt', 'key']).map((key) => [
        key,
        own('Base64Bytes'),
      ]),
    )
    const entries = new Map<string, Entry>()
    for (const pair of this.#pairsOf(node, where, false)) {
      const key = this.#keyOf(pair, where)
      if (key === undefined) continue
      const type = known.get(key)
      if (type === undefined) {
        this.#unknownKey(pair.key.at, key, known, where)
        continue
      }
      const redacted = key === 'key' && pair.value.kind === 'scalar' && pair.value.text === '******'
      const value = this.#decode(pair.value, redacted ? text : type, below(where, key))
      if (value !== undefined) entries.set(key, { keyAt: pair.key.at, value })
    }
    return { kind: 'map', entries, at: node.at }
  }

  #map(node: GoMap, item: TypeExpression, where: Where): MapValue {
    const entries = new Map<string, Entry>()
    for (const pair of this.#pairsOf(node, where, true, item)) {
      const key = this.#keyOf(pair, where)
      if (key === undefined) continue
      if (isNullThere(pair.value) && item.of === 'pointer' && this.#schema.minor === '1.14')
        this.#report('type', pair.value.at, below(where, key), 'is null', describeType(item), 'null')
      const value = this.#decode(pair.value, item, below(where, key, pair.key.at))
      if (value !== undefined || isNullThere(pair.value))
        entries.set(key, { keyAt: pair.key.at, value: value ?? nullValue(pair.value.at) })
    }
    return { kind: 'map', entries, at: node.at }
  }

  #list(nodes: readonly GoNode[], at: YamlPlace, item: TypeExpression, where: Where): Value {
    const items: Value[] = []
    nodes.forEach((node, index) => {
      const inside = { path: `${where.path}[${index}]`, direct: where.direct }
      const value = this.#decode(node, item, inside)
      if (value !== undefined) items.push(value)
      else if (isNullThere(node)) {
        // A null is a nil element where there is one, and is dropped from a list of values.
        if (item.of === 'pointer' && this.#schema.minor === '1.14')
          this.#report('type', node.at, inside, 'is null', describeType(item), 'null')
        if (item.of !== 'scalar' && item.of !== 'struct' && item.of !== 'own') items.push(nullValue(node.at))
      }
    })
    return { kind: 'list', items, at }
  }

  #free(node: GoNode, type: TypeExpression, where: Where): Value | undefined {
    if (node.kind === 'map') return this.#map(node, type, where)
    if (node.kind === 'list') return this.#list(node.items, node.at, type, where)
    if (node.kind === 'scalar' && resolveScalar(node) !== undefined) return toScalar(node)
    this.#mismatch(node, 'a value that agrees with its tag', where)
    return undefined
  }

  #pairsOf(map: GoMap, where: Where, isFree: boolean, item?: TypeExpression): readonly GoPair[] {
    const { pairs, flaws } = expandPairs(map, { minor: this.#schema.minor, direct: where.direct, isFree, item })
    for (const { at, key, message, expected } of flaws) this.#report('key', at, below(where, key), message, expected)
    return pairs
  }

  #keyOf({ key }: GoPair, where: Where): string | undefined {
    const target = key.kind === 'alias' ? key.target() : key
    if (target?.kind === 'scalar' && (key.kind === 'scalar' || !where.direct)) return target.text
    this.#report('key', key.at, where, 'has a key that is no text', 'text')
    return undefined
  }

  #unknownKey(at: YamlPlace, key: string, known: ReadonlyMap<string, unknown>, where: Where, type = ''): void {
    if (!where.direct) return
    const others = MINORS.filter((minor) => schemaOf(minor).keysOf(type).has(key))
    const message = `is no key there${others.length === 0 ? '' : `, but for Talos ${describeMinors(others)}`}`
    const instead = suggest(key, known.keys()) ?? `one of ${[...known.keys()].join(', ')}`
    this.#report('key', at, below(where, key), message, others.length === 0 ? instead : undefined, key)
  }

  #mismatch(node: GoNode, expected: string, where: Where): void {
    const at = node.kind === 'scalar' ? node.at : (where.keyAt ?? node.at)
    this.#report('type', at, where, 'has a value that its field cannot hold', expected, describeNode(node))
  }

  #report(of: ProblemClass, at: YamlPlace, { path }: Where, message: string, expected?: string, got?: string): void {
    if (this.problems.length >= MAX_PROBLEMS) return
    this.problems.push({
      class: of,
      at,
      key: path,
      message,
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
    })
  }
}

const plain = { replaced: false, mergesItself: false } as const
const text: TypeExpression = { of: 'scalar', name: 'str', ...plain }
const octet: TypeExpression = { of: 'scalar', name: 'uint8', ...plain }
const struct = (name: string): TypeExpression => ({ of: 'struct', name, ...plain })
const own = (name: string): TypeExpression => ({ of: 'own', by: 'yaml', name, under: 'slice', ...plain })

function below({ path, direct }: Where, key: string, keyAt?: YamlPlace): Where {
  const inside = path === '' || path.endsWith(': ') ? `${path}${key}` : `${path}.${key}`
  return { path: inside, direct, ...(keyAt !== undefined && { keyAt }) }
}

function toScalar({ text: value, tag, at }: GoScalar): Value {
  return { kind: 'scalar', value, tag, at }
}
