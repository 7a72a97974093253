// The keys that a schema knows at a place of a document.
import { z } from 'zod'

/** The keys of the mapping that `path` leads to, those of every alternative; empty where there is none. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: readonly z.core.$ZodType[] = [schema]
  for (const part of path) at = at.flatMap(unwrap).flatMap((one) => inside(one, part))
  return [...new Set(at.flatMap(unwrap).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : [])))]
}

/** The schemas that say what a value is, without those that say when it is absent, frozen or made another. */
function unwrap(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.def.innerType)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly) return unwrap(schema.def.innerType)
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap)
  return [schema]
}

function inside(schema: z.core.$ZodType, part: PropertyKey): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const child = (schema.shape as Readonly<Record<string, z.ZodType>>)[String(part)]
    return child === undefined ? [] : [child]
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return schema instanceof z.ZodArray ? [schema.element] : []
}
