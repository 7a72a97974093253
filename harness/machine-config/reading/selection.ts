// Deletion of a part of a document by a patch: siderolabs/talos pkg/machinery/config/configloader/internal/decoder/
// selector.go.
import type { Schema } from '../schema/schema.ts'
import { pointedAt, type TypeExpression } from '../schema/type-expression.ts'
import type { Deletion } from './deletes.ts'
import type { MapValue, Value } from './value.ts'

/** The document without the part; undefined where there is no such part. */
export function deletePart(schema: Schema, type: string, root: MapValue, deletion: Deletion): MapValue | undefined {
  return deleteBelow(
    schema,
    { of: 'struct', name: type, replaced: false, mergesItself: false },
    root,
    deletion.path,
    deletion,
  ) as MapValue | undefined
}

function deleteBelow(
  schema: Schema,
  type: TypeExpression,
  value: Value | undefined,
  path: readonly string[],
  deletion: Deletion,
): Value | undefined {
  const bare = pointedAt(type)
  const [first = '', ...rest] = path
  if (value?.kind === 'list') return deleteItem(value, rest, deletion)
  if (value?.kind !== 'map' && value !== undefined) return undefined
  // Types with a parser of their own have no keys that could be found.
  if (bare.of === 'own') return undefined
  // Free mappings are structures around a mapping to Go, into which 1.11 did not look.
  if (schema.minor === '1.11' && bare.of === 'map' && bare.item.of === 'any') return undefined
  const isStruct = bare.of === 'struct'
  const field = bare.of === 'struct' ? schema.keysOf(bare.name).get(first) : bare.of === 'map' ? bare.item : bare
  // A nil mapping or pointer has nothing to look in; a structure has all its fields.
  if (field === undefined || (value === undefined && (!isStruct || type.of === 'pointer'))) return undefined
  const entry = value?.entries.get(first)
  if (!isStruct && entry === undefined) return undefined
  const entries = new Map(value?.entries)
  if (rest.length === 0) entries.delete(first)
  else {
    const inner = deleteBelow(schema, field, entry?.value, rest, deletion)
    if (inner === undefined) return undefined
    if (entry !== undefined) entries.set(first, { ...entry, value: inner })
  }
  return { kind: 'map', entries, at: value?.at ?? deletion.at }
}

function deleteItem(list: Value & { kind: 'list' }, rest: readonly string[], { item }: Deletion): Value | undefined {
  if (rest.length > 0 || item === undefined) return undefined
  const at = list.items.findIndex((one) => {
    const value = one.kind === 'map' ? one.entries.get(item.key)?.value : undefined
    return (
      one.kind === 'map' &&
      (value === undefined ? item.value === '' : value.kind === 'scalar' && value.value === item.value)
    )
  })
  return at < 0 ? undefined : { ...list, items: list.items.toSpliced(at, 1) }
}
