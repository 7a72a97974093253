// The structure of a document as its schema says it, for readers that look at the text and not at the value: which keys
// are fields, which are free, and where the whole numbers are.
import type { z } from 'zod'

export type Shape =
  | { readonly kind: 'fields'; readonly fields: ReadonlyMap<string, Shape> }
  /** Keys are content: labels, annotations. */
  | { readonly kind: 'map'; readonly value: Shape }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'number' }
  | { readonly kind: 'any' }

export const ANY: Shape = { kind: 'any' }

const shapes = new WeakMap<z.ZodType, Shape>()

/** The shape of what `schema` takes; `any` for what it does not look into. */
export function shapeOf(schema: z.ZodType): Shape {
  const known = shapes.get(schema)
  if (known !== undefined) return known
  const shape = readShape(schema)
  shapes.set(schema, shape)
  return shape
}

/** The parts of a zod definition that have a structure; see zod/v4/core/schemas.d.ts. */
type Definition = {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly valueType?: z.ZodType
  readonly element?: z.ZodType
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly out?: z.ZodType
}

function readShape(schema: z.ZodType): Shape {
  const definition = schema.def as unknown as Definition
  const { type, shape, valueType, element, innerType } = definition
  if (type === 'object' && shape !== undefined)
    return {
      kind: 'fields',
      fields: new Map(Object.entries(shape).map(([name, field]) => [name, shapeOf(field)])),
    }
  if (type === 'record' && valueType !== undefined) return { kind: 'map', value: shapeOf(valueType) }
  if (type === 'array' && element !== undefined) return { kind: 'list', item: shapeOf(element) }
  if (type === 'number' || type === 'literal') return { kind: 'number' }
  if (type === 'pipe') {
    // z.preprocess puts its function in front of the schema, .transform behind it.
    const before = definition.in === undefined ? ANY : shapeOf(definition.in)
    return before.kind === 'any' && definition.out !== undefined ? shapeOf(definition.out) : before
  }
  return innerType === undefined ? ANY : shapeOf(innerType)
}
