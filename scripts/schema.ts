// `npm run schema` writes scripts/conform/conformance.schema.json, the JSON Schema of report/conformance.json.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { formatSchema, SCHEMA_PATH } = await import('./judge/verdict/schema.ts')
const { ROOT } = await import('./judge/run/run.ts')

const path = join(ROOT, SCHEMA_PATH)
const current = await readFile(path, 'utf8').catch(() => '')
const fresh = formatSchema()
if (fresh !== current) await writeFile(path, fresh)
process.stdout.write(`${SCHEMA_PATH} ${fresh === current ? 'is current' : 'written'}\n`)
