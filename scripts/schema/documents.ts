// The JSON Schemas of what a person or a program reads and writes, for editors and for readers without this project.
import { z } from 'zod'
import { contractFields } from '#specs/contract/decisions/fields.ts'
import { lockFields } from '#specs/contract/lock-schema.ts'
import { waiversSchema } from '#specs/contract/waivers.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'

export type DocumentName = 'contract' | 'lock' | 'waivers' | 'report'

/** In the file itself, the schema that it claims; nothing here reads it. */
const NAMED = { $schema: z.string().optional().describe('The JSON Schema of this file, for editors.') }

const DOCUMENTS: Readonly<Record<DocumentName, { readonly title: string; readonly schema: z.ZodType }>> = {
  contract: { title: 'Contract of Talos images (talos-image.yaml)', schema: contractFields },
  lock: { title: 'Lock of a Talos release (talos-image.lock.json)', schema: lockFields.extend(NAMED) },
  waivers: { title: 'Failures that are accepted until a date (waivers.yaml)', schema: waiversSchema },
  report: { title: 'report/conformance.json', schema: conformanceSchema },
}

/** A contract that extends another has its variants from there, or its own. */
const EXTENDING = { required: undefined, anyOf: [{ required: ['variants'] }, { required: ['extends'] }] }

export const DOCUMENT_NAMES = Object.keys(DOCUMENTS) as readonly DocumentName[]

/** Relative to the folder of this project. */
export function schemaPath(name: DocumentName): string {
  return `specs/contract/schemas/${name}.schema.json`
}

/** The text of the committed file; draft 2020-12. What a person may leave out is optional in it. */
export function formatSchema(name: DocumentName): string {
  const { title, schema } = DOCUMENTS[name]
  const json = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: name === 'report' ? 'output' : 'input',
    // Zod states that its arrays are frozen; a reader of the file has no use for it.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  })
  return `${JSON.stringify({ title, ...json, ...(name === 'contract' && EXTENDING) }, null, 2)}\n`
}
