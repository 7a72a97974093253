// JSON patches (RFC 6902), in YAML or JSON: github.com/evanphx/json-patch v4 as Talos uses it.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import { isNull, scalarUnder, type GoList, type GoMap, type GoNode } from '../yaml/node.ts'

export type JsonPatchResult =
  | { readonly root: GoNode }
  | { readonly at: YamlPlace; readonly path: string; readonly message: string }

/** True if Talos takes a file for a JSON patch: a list of operations, or nothing at all. */
export function isJsonPatch(roots: readonly GoNode[]): boolean {
  const [root] = roots
  return root === undefined || (roots.length === 1 && (root.kind === 'list' || isNull(root)))
}

class PatchError extends Error {}

export function applyJsonPatch(root: GoNode, patch: readonly GoNode[]): JsonPatchResult {
  const [list] = patch
  let patched = root
  for (const operation of list?.kind === 'list' ? list.items : []) {
    const path = operation.kind === 'map' ? scalarUnder(operation, 'path') : ''
    try {
      patched = applyOperation(patched, operation)
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      const at = operation.kind === 'map' ? (valueOf(operation, 'path')?.at ?? operation.at) : operation.at
      return { at, path, message: error.message }
    }
  }
  return { root: patched }
}

function applyOperation(root: GoNode, operation: GoNode): GoNode {
  if (operation.kind !== 'map') throw new PatchError('is no operation of a JSON patch')
  const name = scalarUnder(operation, 'op')
  const path = tokensOf(scalarUnder(operation, 'path'))
  const value = valueOf(operation, 'value') ?? { kind: 'scalar', text: '', tag: '!!null', at: operation.at }
  switch (name) {
    case 'add':
      return change(root, path, (parent, key) => put(parent, key, value, true))
    case 'replace':
      return change(root, path, (parent, key) => {
        if (read(parent, key) === undefined) throw new PatchError('replaces what is not there')
        return put(parent, key, value, false)
      })
    case 'remove':
      return change(root, path, remove)
    case 'move':
    case 'copy': {
      const from = tokensOf(scalarUnder(operation, 'from'))
      const moved = from.reduce<GoNode | undefined>(
        (node, key) => (node === undefined ? undefined : read(node, key)),
        root,
      )
      if (moved === undefined)
        throw new PatchError(`names ${JSON.stringify(scalarUnder(operation, 'from'))}, which is not there`)
      const without = name === 'move' ? change(root, from, remove) : root
      return change(without, path, (parent, key) => put(parent, key, moved, true))
    }
    case 'test': {
      const found = path.reduce<GoNode | undefined>(
        (node, key) => (node === undefined ? undefined : read(node, key)),
        root,
      )
      if (plain(found) !== plain(value)) throw new PatchError('tests for another value than there is')
      return root
    }
    default:
      throw new PatchError(`has no operation ${JSON.stringify(name)}`)
  }
}

function change(root: GoNode, path: readonly string[], edit: (parent: GoNode, key: string) => GoNode): GoNode {
  const [first, ...rest] = path
  if (first === undefined) throw new PatchError('has no path below the document')
  if (rest.length === 0) return edit(root, first)
  const inner = read(root, first)
  if (inner === undefined) throw new PatchError(`has no ${JSON.stringify(first)} to go into`)
  return put(root, first, change(inner, rest, edit), false)
}

function read(node: GoNode, key: string): GoNode | undefined {
  const target = node.kind === 'alias' ? node.target() : node
  if (target?.kind === 'map') return valueOf(target, key)
  return target?.kind === 'list' ? target.items[Number(key)] : undefined
}

function put(node: GoNode, key: string, value: GoNode, insert: boolean): GoNode {
  const target = node.kind === 'alias' ? node.target() : node
  if (target?.kind === 'map') {
    const at = target.pairs.findIndex((pair) => pair.key.kind === 'scalar' && pair.key.text === key)
    const pair = {
      key: target.pairs[at]?.key ?? { kind: 'scalar' as const, text: key, tag: '!!str', at: value.at },
      value,
    }
    return { ...target, pairs: at < 0 ? [...target.pairs, pair] : target.pairs.with(at, pair) } satisfies GoMap
  }
  if (target?.kind !== 'list') throw new PatchError(`has no mapping or list to hold ${JSON.stringify(key)}`)
  const at = key === '-' ? target.items.length : Number(key)
  if (!Number.isInteger(at) || at > target.items.length || at < -target.items.length)
    throw new PatchError(`has no place ${JSON.stringify(key)} in a list of ${target.items.length}`)
  return {
    ...target,
    items: insert ? target.items.toSpliced(at, 0, value) : target.items.with(at, value),
  } satisfies GoList
}

function remove(node: GoNode, key: string): GoNode {
  if (read(node, key) === undefined) throw new PatchError('removes what is not there')
  const target = node.kind === 'alias' ? node.target() : node
  if (target?.kind === 'map')
    return { ...target, pairs: target.pairs.filter((pair) => !(pair.key.kind === 'scalar' && pair.key.text === key)) }
  return target?.kind === 'list' ? { ...target, items: target.items.toSpliced(Number(key), 1) } : node
}

function valueOf(map: GoMap, name: string): GoNode | undefined {
  return map.pairs.find(({ key }) => key.kind === 'scalar' && key.text === name)?.value
}

function tokensOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A node without its places. */
function plain(node: GoNode | undefined): string {
  return JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)) ?? ''
}
