// The first document of a YAML stream as a value whose scalars still say their type.
import { FormatError } from '../../errors.ts'
import { parseGoYaml } from '../../machine-config/yaml/parse.ts'
import type { GoNode } from '../../machine-config/yaml/node.ts'

/** Values of a document, aliases followed: a document that a person writes has a hundred. */
const MAX_VALUES = 10_000

/** Line breaks to go-yaml alone, which it keeps where it folds others. */
const OTHER_BREAKS = /[\x85\u2028\u2029]|\r(?!\n)/

/**
 * Null, a scalar as `{text, tag}` (`!!str`, `!!int`), an array, or an object of values by key. FormatError `yaml`:
 * MALFORMED for what go-yaml does not read, LIMIT_EXCEEDED for aliases without end; places are `file:line:column`.
 */
export function readGoValue(bytes: Uint8Array, path: string): unknown {
  if (OTHER_BREAKS.test(new TextDecoder().decode(bytes)))
    throw new FormatError('yaml', 'UNSUPPORTED', 'expected line feeds between lines, got another line break', {
      at: { path },
    })
  const [root] = parseGoYaml(bytes, path)
  let left = MAX_VALUES
  const convert = (node: GoNode): unknown => {
    left -= 1
    if (left < 0) throw refuse(node, 'LIMIT_EXCEEDED', `expected at most ${MAX_VALUES} values`)
    if (node.kind === 'scalar') return node.tag === '!!null' ? null : { text: node.text, tag: node.tag }
    if (node.kind === 'list') return node.items.map(convert)
    if (node.kind === 'alias') {
      const target = node.target()
      return target === undefined ? null : convert(target)
    }
    const entries = new Map<string, unknown>()
    for (const { key, value } of node.pairs) {
      if (key.kind !== 'scalar' || key.tag === '!!merge')
        throw refuse(key, 'MALFORMED', 'expected a key that is a text')
      if (entries.has(key.text)) throw refuse(key, 'MALFORMED', `key ${key.text.slice(0, 80)} is there already`)
      entries.set(key.text, convert(value))
    }
    return Object.fromEntries(entries)
  }
  return root === undefined ? null : convert(root)
}

function refuse({ at }: GoNode, code: 'MALFORMED' | 'LIMIT_EXCEEDED', message: string): FormatError {
  return new FormatError('yaml', code, message, { at: { path: `${at.path}:${at.line}:${at.column}` } })
}
