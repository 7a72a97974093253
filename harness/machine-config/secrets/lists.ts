// Secrets that YAML gives by lists: a flag and its value as two arguments, variables in one line, name and value as
// Kubernetes has them in `env`.
import type { YamlEntry, YamlNode, YamlPlace } from '../../formats/yaml/nodes.ts'
import { holdsSecret } from './bodies.ts'

/** `--authkey`, whose value is the next argument. */
const LONE_FLAG = /^--?([A-Za-z][A-Za-z-]{1,60})$/
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]{0,100})=(.*)$/s
/** More secrets of one document add nothing. */
const MAX_FOUND = 100

export type ListedSecret = {
  /** `--authkey`, `TS_AUTHKEY`. */
  readonly field: string
  /** Of the value. */
  readonly at: YamlPlace
}

/** Secrets of a tree, in its order; `holds` says of a name and its value whether that is one. */
export function secretsInLists(root: YamlNode, holds = holdsSecret): readonly ListedSecret[] {
  const found: ListedSecret[] = []
  // Aliases lead to one node more than once; its value is in the file once.
  const seen = new Set<YamlNode>()
  const visit = (node: YamlNode): void => {
    if (seen.has(node) || found.length >= MAX_FOUND) return
    seen.add(node)
    if (node.kind === 'list') {
      found.push(...ofArguments(node.items, holds))
      for (const item of node.items) visit(item)
    } else if (node.kind === 'map') {
      found.push(...ofEntry(node.entries, holds))
      for (const { value } of node.entries.values()) visit(value)
    }
  }
  visit(root)
  return found
}

function ofArguments(items: readonly YamlNode[], holds: typeof holdsSecret): readonly ListedSecret[] {
  return items.flatMap((item, index) => {
    const text = textOf(item)
    const [, name, value = ''] = VARIABLE.exec(text) ?? []
    if (name !== undefined) return holds(name, value) ? [{ field: name, at: item.at }] : []
    const [, flag] = LONE_FLAG.exec(text) ?? []
    const next = items[index + 1]
    if (flag === undefined || next === undefined) return []
    return holds(flag, textOf(next)) ? [{ field: `--${flag}`, at: next.at }] : []
  })
}

/** `{name: TS_AUTHKEY, value: …}`. */
function ofEntry(entries: ReadonlyMap<string, YamlEntry>, holds: typeof holdsSecret): readonly ListedSecret[] {
  const name = textOf(entries.get('name')?.value)
  const value = entries.get('value')?.value
  return value !== undefined && holds(name, textOf(value)) ? [{ field: name, at: value.at }] : []
}

function textOf(node: YamlNode | undefined): string {
  return node?.kind === 'scalar' ? (node.value ?? '') : ''
}
