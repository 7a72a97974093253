// YAML documents as Go's decoder (gopkg.in/yaml.v3) sees them: typed by the field, null and absent both the zero value.
import { z } from 'zod'
import { SchemaError, type Location } from '../../errors.ts'
import { parseGoYaml } from './go-text.ts'

/** A Go string: any scalar as it is written; '' when absent. */
export const goString = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

/** A Go string that a document cannot do without. */
export const goName = z.string().min(1)

const TRUE = new Set(['true', 'True', 'TRUE', 'y', 'Y', 'yes', 'on'])
const FALSE = new Set(['', 'false', 'False', 'FALSE', 'n', 'N', 'no', 'off'])

/** A Go bool, YAML 1.1's words included; false when absent. */
export const goBoolean = goString.transform((value, context): boolean => {
  if (!TRUE.has(value) && !FALSE.has(value)) context.addIssue(`expected a boolean, got ${value}`)
  return TRUE.has(value)
})

/** A Go slice of values; empty when absent. go-yaml leaves out an item that is null. */
export function goList<T extends z.ZodType>(item: T) {
  return z
    .preprocess(
      (value) => (Array.isArray(value) ? value.filter((one) => one !== null) : value),
      z.array(item).nullish(),
    )
    .transform((value): z.output<T>[] => value ?? [])
}

/** Parses one document, scalars as text, by `schema`. FormatError `yaml`, or SchemaError with all issues. */
export function parseYamlAs<T>(name: string, schema: z.ZodType<T>, bytes: Uint8Array, where: Location): T {
  return validate(name, schema, parseGoYaml(bytes, where), where)
}

/** `value` by `schema`; SchemaError with all issues, each with the JSON pointer of its place. */
export function validate<T>(name: string, schema: z.ZodType<T>, value: unknown, where: Location): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => ({ path: toPointer(path), message }))
  throw new SchemaError(name, issues, { at: where })
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
