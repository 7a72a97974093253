// Keeps the README's table of rules current; part of `npm run rule-index`.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import { README_PATH, withRuleTable } from './readme-table.ts'

/** Prints what it did; gives the exit status. */
export async function refreshReadme({ check }: { readonly check: boolean }): Promise<number> {
  const path = join(ROOT, README_PATH)
  const current = await readFile(path, 'utf8')
  const fresh = withRuleTable(current, await loadRuleIndex())
  if (fresh === current) {
    process.stdout.write(`the table of rules in ${README_PATH} is current\n`)
    return 0
  }
  if (check) {
    process.stderr.write(
      `error: the table of rules in ${README_PATH} is stale: run npm run rule-index and commit what it writes\n`,
    )
    return 1
  }
  await writeFile(path, fresh)
  process.stdout.write(`the table of rules in ${README_PATH} written\n`)
  return 0
}
