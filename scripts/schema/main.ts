// `npm run schema` writes specs/contract/schemas: the JSON Schemas of contract, lock, waivers and report.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { DOCUMENT_NAMES, formatSchema, schemaPath } from './documents.ts'

/** Gives the exit status; prints whether anything changed. */
export async function schema(): Promise<0> {
  for (const name of DOCUMENT_NAMES) {
    const path = join(ROOT, schemaPath(name))
    const current = await readFile(path, 'utf8').catch(() => '')
    const fresh = formatSchema(name)
    if (fresh !== current) await writeFile(path, fresh)
    process.stdout.write(`${schemaPath(name)} ${fresh === current ? 'is current' : 'written'}\n`)
  }
  return 0
}
