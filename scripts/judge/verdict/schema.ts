// The JSON Schema of report/conformance.json, for readers of that file without this project.
import { z } from 'zod'
import { conformanceSchema } from './conformance.ts'

export const SCHEMA_PATH = 'scripts/judge/verdict/conformance.schema.json'

/** The text of the committed file; draft 2020-12. */
export function formatSchema(): string {
  const schema = z.toJSONSchema(conformanceSchema, {
    target: 'draft-2020-12',
    // Zod states that its arrays are frozen; a reader of the file has no use for it.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  })
  return `${JSON.stringify({ title: 'report/conformance.json', ...schema }, null, 2)}\n`
}
