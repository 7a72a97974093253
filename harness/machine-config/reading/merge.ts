// Strategic merge by type: siderolabs/talos pkg/machinery/config/merge/merge.go and the Merge methods of
// config/types/{v1alpha1,runtime/extensions,security,block,meta} and cel.
import { parseGoUrl } from '../go/url.ts'
import type { Schema } from '../schema/schema.ts'
import { pointedAt, type TypeExpression } from '../schema/type-expression.ts'
import type { Entry, ListValue, MapValue, ScalarValue, Value } from './value.ts'

/** Lists whose items are merged when they have a key in common, by the type of the item. */
const MERGED_BY: Readonly<Record<string, readonly string[]>> = {
  ConfigFile: ['mountPath'],
  Device: ['interface', 'deviceSelector'],
  AdmissionPluginConfig: ['name'],
  Vlan: ['vlanId'],
}
/** Types whose zero value is merged as well: what a patch does not name is lost. */
const OVERWRITTEN = new Set(['Expression', 'ByteSize', 'PercentageSize'])

export function mergeStruct(schema: Schema, type: string, left: MapValue, right: MapValue): MapValue {
  const entries = new Map(left.entries)
  for (const [key, field] of schema.keysOf(type)) {
    const before = entries.get(key)
    const after = right.entries.get(key)
    if (after === undefined) {
      if (before !== undefined && field.of === 'own' && OVERWRITTEN.has(field.name)) entries.delete(key)
      continue
    }
    entries.set(key, mergeEntry(schema, field, before, after))
  }
  return { ...left, entries }
}

export function withoutEmpty(schema: Schema, type: string, map: MapValue): MapValue {
  const entries = new Map<string, Entry>()
  for (const [key, entry] of map.entries) {
    const field = schema.keysOf(type).get(key)
    const { value } = entry
    const isEmpty = value.kind === 'list' ? value.items.length === 0 : value.kind === 'map' && value.entries.size === 0
    if (isEmpty && (field?.of === 'list' || field?.of === 'map' || field?.of === 'own')) continue
    const inner = field === undefined ? undefined : pointedAt(field)
    const kept = value.kind === 'map' && inner?.of === 'struct' ? withoutEmpty(schema, inner.name, value) : value
    entries.set(key, { ...entry, value: kept })
  }
  return { ...map, entries }
}

function mergeEntry(schema: Schema, type: TypeExpression, left: Entry | undefined, right: Entry): Entry {
  if (left === undefined) return right
  const value = mergeValue(schema, type, left.value, right.value, type.replaced)
  return value === left.value ? left : { keyAt: value === right.value ? right.keyAt : left.keyAt, value }
}

function mergeValue(schema: Schema, type: TypeExpression, left: Value, right: Value, replaced: boolean): Value {
  const bare = pointedAt(type)
  if (left.kind !== right.kind) return right
  if (right.kind === 'scalar' && bare.of === 'own' && /^(URL|Endpoint)$/.test(bare.name))
    return mergeUrls(left as ScalarValue, right)
  if (right.kind === 'scalar') return type.of !== 'pointer' && isZero(right, bare) ? left : right
  if (right.kind === 'list') return mergeLists(schema, bare, left as ListValue, right, replaced)
  if (replaced) return right.entries.size === 0 && bare.of === 'struct' ? left : right
  if (bare.of === 'struct') return mergeStruct(schema, bare.name, left as MapValue, right)
  // The bytes of a certificate and key are set, to nothing where the patch does not name them.
  if (bare.of === 'own') return right
  const item = bare.of === 'map' ? bare.item : bare
  const entries = new Map((left as MapValue).entries)
  for (const [key, entry] of right.entries) {
    const before = entries.get(key)
    const isArgument = item.of === 'own' && item.name === 'ArgValue'
    entries.set(key, before === undefined || isArgument ? entry : mergeEntry(schema, item, before, entry))
  }
  return { ...(left as MapValue), entries }
}

function mergeLists(schema: Schema, type: TypeExpression, left: ListValue, right: ListValue, replaced: boolean): Value {
  if (replaced || type.of === 'own')
    return type.of === 'own' && type.name === 'ClusterInlineManifests' && !replaced ? append(left, right) : right
  const item = type.of === 'list' ? pointedAt(type.item) : undefined
  if (item?.of !== 'struct') return append(left, right)
  if (item.name.startsWith('ImageVerificationRule')) return replaceItems(left, right)
  const by = MERGED_BY[item.name]
  if (by === undefined || !type.mergesItself) return append(left, right)
  const items = [...left.items]
  for (const value of right.items) {
    const key = value.kind === 'map' ? by.find((one) => value.entries.has(one)) : undefined
    const name = key === undefined ? undefined : nameOf(value, key)
    // The last one of a name is merged over where devices are distinguished by interface.
    const at = name === undefined ? -1 : items.findIndex((one) => key !== undefined && nameOf(one, key) === name)
    const known = items[at]
    if (known?.kind === 'map' && value.kind === 'map') items[at] = mergeStruct(schema, item.name, known, value)
    else items.push(value)
  }
  return { ...left, items }
}

/** Rules for the same images are replaced whole. */
function replaceItems(left: ListValue, right: ListValue): ListValue {
  const items = [...left.items]
  for (const value of right.items) {
    const at = left.items.findIndex((one) => nameOf(one, 'image') === nameOf(value, 'image'))
    if (at < 0) items.push(value)
    else items[at] = value
  }
  return { ...left, items }
}

function append(left: ListValue, right: ListValue): ListValue {
  return { ...left, items: [...left.items, ...right.items] }
}

function nameOf(item: Value, key: string): string {
  const value = item.kind === 'map' ? item.entries.get(key)?.value : undefined
  return value === undefined
    ? ''
    : JSON.stringify(value, (name, one: unknown) =>
        name === 'at' || name === 'keyAt' ? undefined : one instanceof Map ? [...one] : one,
      )
}

/** URLs are merged part by part: url.URL is a structure like others. */
function mergeUrls(left: ScalarValue, right: ScalarValue): ScalarValue {
  const [before, after] = [parseGoUrl(left.value ?? ''), parseGoUrl(right.value ?? '')]
  if (before === undefined || after === undefined) return right
  const scheme = after.scheme || before.scheme
  const host = after.host || before.host
  const path = after.path || before.path
  const query = after.query || before.query
  const user = after.user ?? before.user
  const opaque = after.opaque || before.opaque
  if (opaque !== '') return { ...right, value: `${scheme}:${opaque}` }
  const authority = host === '' ? '' : `//${user === undefined ? '' : `${user}@`}${host}`
  const rooted = authority !== '' && path !== '' && !path.startsWith('/') ? `/${path}` : path
  const value = `${scheme === '' ? '' : `${scheme}:`}${authority}${rooted}${query === '' ? '' : `?${query}`}`
  return { ...right, value, at: right.value === '' ? left.at : right.at }
}

function isZero({ value, tag }: ScalarValue, type: TypeExpression): boolean {
  if (value === null || value === '') return true
  if (type.of !== 'scalar' || type.name === 'bool' || type.name === 'str') return false
  return tag === '!!int' && /^[-+]?0[xob]?0*$/.test(value.replaceAll('_', ''))
}
