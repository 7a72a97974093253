// Fields of a tree held against the fields that a Go type has, as strict decoding does.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { FieldTree } from '#harness/machine-config/fields.ts'
import { nearest } from '../../contract/findings/edits.ts'
import type { Types } from '../upstream/fields.ts'

/** Deeper than any type here goes. */
const MAX_DEPTH = 32
const INTEGER = /^[-+]?(?:\d[\d_]*|0x[\da-fA-F_]+|0o[0-7_]+|0b[01_]+)(?:\.0*)?$/
const NUMBER = /^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

export type WrongField = {
  readonly at: YamlPlace
  /** `memorySwap.swapBehavior`. */
  readonly path: string
  /** Lower-case clause. */
  readonly message: string
}

/** Values that are templates are for the caller to leave out: `skips` says which. */
export function wrongFields(
  node: FieldTree,
  expression: string,
  { types, skips }: { readonly types: Types; readonly skips: (value: string) => boolean },
): readonly WrongField[] {
  const found: WrongField[] = []
  const visit = (value: FieldTree, wanted: string, path: string, at: YamlPlace, depth: number): void => {
    if (depth > MAX_DEPTH || wanted === 'any' || (value.kind === 'scalar' && value.value === null)) return
    const wrong = (message: string): number => found.push({ at, path, message })
    if (wanted.startsWith('[]')) {
      if (value.kind !== 'list') wrong(`${path} is a list`)
      else
        for (const [index, item] of value.items.entries())
          visit(item, wanted.slice(2), `${path}[${index}]`, item.at, depth + 1)
    } else if (wanted.startsWith('{}')) {
      if (value.kind !== 'map') wrong(`${path} is a mapping`)
      else
        for (const { name: key, nameAt, value: inside } of value.entries)
          visit(inside, wanted.slice(2), `${path}.${key}`, nameAt, depth + 1)
    } else if (types[wanted] !== undefined) {
      if (value.kind !== 'map') wrong(`${path} is a mapping`)
      else
        for (const { name: key, nameAt, value: inside } of value.entries) {
          const inner = path === '' ? key : `${path}.${key}`
          const type = Object.hasOwn(types[wanted], key) ? types[wanted][key] : undefined
          if (type !== undefined) visit(inside, type, inner, nameAt, depth + 1)
          else found.push({ at: nameAt, path: inner, message: unknownField(inner, key, Object.keys(types[wanted])) })
        }
    } else if (value.kind !== 'scalar') wrong(`${path} is a single value`)
    else if (!skips(value.value ?? '') && !admits(wanted, value.value ?? '')) wrong(`${path} is ${nameOf(wanted)}`)
  }
  visit(node, expression, '', node.at, 0)
  return found
}

function unknownField(path: string, key: string, known: readonly string[]): string {
  const near = nearest(key, known) ?? known.find((one) => one.toLowerCase() === key.toLowerCase())
  return near === undefined ? `there is no field ${path}` : `there is no field ${path} (did you mean ${near}?)`
}

function admits(wanted: string, value: string): boolean {
  if (/^u?int/.test(wanted)) return INTEGER.test(value)
  if (wanted === 'float') return NUMBER.test(value)
  if (wanted === 'bool') return BOOLEAN.test(value)
  return wanted !== 'text:Duration' || DURATION.test(value)
}

function nameOf(wanted: string): string {
  if (/^u?int/.test(wanted)) return 'a whole number'
  if (wanted === 'bool') return 'true or false'
  return wanted === 'float' ? 'a number' : 'a duration such as 5m0s'
}
