// Strategic merge of Talos configuration: siderolabs/talos pkg/machinery/config/merge/merge.go. Mappings are merged,
// lists appended, scalars replaced; what a patch leaves empty stays.
import { FormatError, type FormatCode } from '../errors.ts'
import { formatPlace, type YamlEntry, type YamlMap, type YamlNode, type YamlPlace } from '../formats/yaml/nodes.ts'

/** Lists that a patch replaces (`merge:"replace"`), by the key that holds them. */
const REPLACED = new Set(['podSubnets', 'serviceSubnets'])
/** Lists whose items are merged when they have this key in common. */
const MERGED_BY: Readonly<Record<string, string>> = { configFiles: 'mountPath' }
/** The parser stops at 100; aliases within anchors could make a tree deeper, and this recurses. */
const MAX_DEPTH = 100

const DIRECTIVE = '$patch'

/** `left` with `right` over it. FormatError `machine-config`: MALFORMED where their kinds differ. */
export function mergeMaps(left: YamlMap, right: YamlMap, depth = 0): YamlMap {
  if (depth > MAX_DEPTH) throw fail('LIMIT_EXCEEDED', right.at, `expected at most ${MAX_DEPTH} levels`)
  const entries = new Map(left.entries)
  for (const [key, { keyAt, value }] of right.entries) {
    if (key === DIRECTIVE) throw fail('UNSUPPORTED', keyAt, 'expected $patch below a key that it deletes, got it here')
    if (isDeletion(value)) {
      entries.delete(key)
      continue
    }
    const known = entries.get(key)
    // An emptied entry takes the patch whole, but for its deletions, which have nothing to delete.
    if (known === undefined || isZero(known.value)) entries.set(key, { keyAt, value: strip(value, depth) })
    else if (!isZero(value)) entries.set(key, { keyAt: known.keyAt, value: mergeValues(key, known, value, depth) })
  }
  return { ...left, entries }
}

/** `map` as a patch of nothing. */
export function stripPatches(map: YamlMap): YamlMap {
  return mergeMaps({ kind: 'map', entries: new Map(), at: map.at }, map)
}

/** Whether a document is there to be taken away: `$patch: delete` beside its kind. UNSUPPORTED for another `$patch`. */
export function deletesDocument(root: YamlMap): boolean {
  return root.entries.has(DIRECTIVE) && isDeletion(root)
}

/** UNSUPPORTED for a `$patch` anywhere: in the file that is patched, and inside documents that Talos drops only whole. */
export function refusePatches(root: YamlNode): void {
  const seen = new Set<YamlNode>()
  const left: YamlNode[] = [root]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (seen.has(node) || node.kind === 'scalar') continue
    seen.add(node)
    if (node.kind === 'list') for (const item of node.items) left.push(item)
    else {
      for (const [key, { keyAt, value }] of node.entries) {
        if (key === DIRECTIVE) throw fail('UNSUPPORTED', keyAt, 'expected no $patch here, got one')
        left.push(value)
      }
    }
  }
}

function mergeValues(key: string, left: YamlEntry, right: YamlNode, depth: number): YamlNode {
  if (left.value.kind !== right.kind)
    throw fail(
      'MALFORMED',
      right.at,
      `expected a ${left.value.kind} as ${key}, as at ${formatPlace(left.value.at)}, got a ${right.kind}`,
    )
  if (right.kind === 'map') return mergeMaps(left.value as YamlMap, right, depth + 1)
  if (right.kind === 'scalar') return right
  refusePatches(right)
  if (REPLACED.has(key) || left.value.kind !== 'list') return right
  const { items } = left.value
  const by = MERGED_BY[key]
  return {
    ...left.value,
    items: by === undefined ? [...items, ...right.items] : mergeItems(by, items, right.items, depth),
  }
}

function mergeItems(
  by: string,
  before: readonly YamlNode[],
  after: readonly YamlNode[],
  depth: number,
): readonly YamlNode[] {
  const items = [...before]
  const places = new Map(items.map((item, at) => [nameOf(item, by), at]))
  for (const item of after) {
    const name = nameOf(item, by)
    const at = name === undefined ? undefined : places.get(name)
    const known = at === undefined ? undefined : items[at]
    if (at === undefined || known?.kind !== 'map' || item.kind !== 'map') {
      places.set(name, items.length)
      items.push(item)
    } else items[at] = mergeMaps(known, item, depth + 1)
  }
  return items
}

function nameOf(item: YamlNode, key: string): string | undefined {
  const value = item.kind === 'map' ? item.entries.get(key)?.value : undefined
  return value?.kind === 'scalar' ? (value.value ?? undefined) : undefined
}

function strip(value: YamlNode, depth: number): YamlNode {
  if (value.kind === 'map') return mergeMaps({ kind: 'map', entries: new Map(), at: value.at }, value, depth + 1)
  refusePatches(value)
  return value
}

/** What Go takes for the zero value of a field: it is not merged, and anything may stand where it stood. */
function isZero(node: YamlNode): boolean {
  return node.kind === 'scalar' && (node.value === null || node.value === '')
}

function isDeletion(node: YamlNode): boolean {
  const directive = node.kind === 'map' ? node.entries.get(DIRECTIVE) : undefined
  if (directive === undefined) return false
  if (directive.value.kind === 'scalar' && directive.value.value === 'delete') return true
  throw fail('UNSUPPORTED', directive.keyAt, 'expected $patch: delete, got another directive')
}

function fail(code: FormatCode, at: YamlPlace, message: string): FormatError {
  return new FormatError('machine-config', code, message, { at: { path: formatPlace(at) } })
}
