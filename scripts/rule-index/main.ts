// The rule index, written from the spec files or held against them, and the table of rules in the README with it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RULE_INDEX_PATH } from '../judge/candidates/inputs.ts'
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { ROOT } from '../root.ts'
import { refreshReadme } from '../explain/refresh-readme.ts'
import { collectRuleIndex, formatRuleIndex, RuleIndexError } from './collect.ts'

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseRuleIndexOptions(args: readonly string[]): { readonly check: boolean } | undefined {
  const command = new Command('npm run rule-index --')
    .description('Write the rule index and the table of rules from the spec files.')
    .option('--check', 'write nothing: fail where they are stale', false)
  addExamples(command, ['npm run rule-index -- --check'])
  return parseCommand(command, args) ? command.opts<{ check: boolean }>() : undefined
}

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function ruleIndex(args: readonly string[]): Promise<number> {
  try {
    const options = parseRuleIndexOptions(args)
    if (options === undefined) return 0
    const { check } = options
    const status = await refreshRuleIndex(check)
    return (await refreshReadme({ check })) || status
  } catch (error) {
    if (!(error instanceof RuleIndexError)) return printFailure(error)
    process.stderr.write(`error: ${error.message}\n`)
    return 1
  }
}

async function refreshRuleIndex(check: boolean): Promise<number> {
  const path = join(ROOT, RULE_INDEX_PATH)
  const current = await readFile(path, 'utf8').catch(() => '')
  const fresh = formatRuleIndex(await collectRuleIndex(current))
  if (fresh === current) {
    process.stdout.write(`${RULE_INDEX_PATH} is current\n`)
    return 0
  }
  if (check) {
    process.stderr.write(`error: ${RULE_INDEX_PATH} is stale: run npm run rule-index and commit what it writes\n`)
    return 1
  }
  await writeFile(path, fresh)
  process.stdout.write(`${RULE_INDEX_PATH} written\n`)
  return 0
}
