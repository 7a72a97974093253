// The ledger, written from the spec files or held against them, and the table of rules in the README with it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LEDGER_PATH } from '../judge/candidates/inputs.ts'
import { ROOT } from '../judge/run/run.ts'
import { refreshReadme } from '../explain/refresh-readme.ts'
import { collectLedger, formatLedger, LedgerError } from './collect.ts'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function ledger(args: readonly string[]): Promise<number> {
  const check = args.includes('--check')
  try {
    const status = await refreshLedger(check)
    return (await refreshReadme({ check })) || status
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return 1
  }
}

async function refreshLedger(check: boolean): Promise<number> {
  const path = join(ROOT, LEDGER_PATH)
  const current = await readFile(path, 'utf8').catch(() => '')
  const fresh = formatLedger(await collectLedger(current))
  if (fresh === current) {
    process.stdout.write(`${LEDGER_PATH} is current\n`)
    return 0
  }
  if (check) {
    process.stderr.write(`error: ${LEDGER_PATH} is stale: run npm run ledger and commit what it writes\n`)
    return 1
  }
  await writeFile(path, fresh)
  process.stdout.write(`${LEDGER_PATH} written\n`)
  return 0
}
