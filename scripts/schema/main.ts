// `npm run schema` writes scripts/judge/verdict/conformance.schema.json, the JSON Schema of report/conformance.json.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatSchema, SCHEMA_PATH } from '../judge/verdict/schema.ts'
import { ROOT } from '../root.ts'

/** Gives the exit status; prints whether anything changed. */
export async function schema(): Promise<0> {
  const path = join(ROOT, SCHEMA_PATH)
  const current = await readFile(path, 'utf8').catch(() => '')
  const fresh = formatSchema()
  if (fresh !== current) await writeFile(path, fresh)
  process.stdout.write(`${SCHEMA_PATH} ${fresh === current ? 'is current' : 'written'}\n`)
  return 0
}
