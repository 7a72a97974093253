// `npm run ledger` writes specs/contract/ledger.json from the spec files; `--check` only tells whether it is current.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertRuntime } from './runtime.ts'

assertRuntime()
const { collectLedger, formatLedger } = await import('./ledger/collect.ts')
const { LEDGER_PATH } = await import('./conform/inputs.ts')
const { ROOT } = await import('./conform/run.ts')

const path = join(ROOT, LEDGER_PATH)
const current = await readFile(path, 'utf8').catch(() => '')
const fresh = formatLedger(await collectLedger(current))
if (fresh === current) {
  process.stdout.write(`${LEDGER_PATH} is current\n`)
} else if (process.argv.includes('--check')) {
  process.stderr.write(`error: ${LEDGER_PATH} is stale: run npm run ledger and commit what it writes\n`)
  process.exitCode = 1
} else {
  await writeFile(path, fresh)
  process.stdout.write(`${LEDGER_PATH} written\n`)
}
const { refreshReadme } = await import('./explain/refresh-readme.ts')
process.exitCode = (await refreshReadme({ check: process.argv.includes('--check') })) || (process.exitCode ?? 0)
