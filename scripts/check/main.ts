// `npm run check`: the project's own tests, all of them even when one is red.
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { changedFiles, rulesStatedIn, testsReaching } from './changed.ts'
import { hasMemory, makeScratch } from './scratch.ts'
import { renderResults, runSteps, type Step, type StepResult } from './steps.ts'

const OWN = ['node', '--import', './scripts/preload.mjs', 'scripts/develop.ts']
const LINT = ['oxlint', '--deny-warnings', '--quiet']
/** Types with one checker: of several on one core, each checks for itself what all need. */
const TYPES = ['tsc', '-p', '.', '--checkers', '1']
const RULE_INDEX: Step = ['ruleIndex', [...OWN, 'rule-index', '--check']]
/** On one core each. */
const QUICK: readonly Step[] = [
  ['format', ['oxfmt', '--check']],
  ['lint', LINT],
  ['types', TYPES],
  ['unused', ['knip', '--no-progress']],
  RULE_INDEX,
]

/** On all cores. */
const UNIT: Step = [
  'unit',
  ['vitest', 'run', '--project=unit', '--reporter=dot', '--reporter=json', '--outputFile.json=report/unit.json'],
]
/** On one core most of the time. */
const SELFTEST: Step = ['selftest', [...OWN, 'selftest']]

/** The state that tsc keeps from run to run. */
const KEPT_TYPES = 'node_modules/.cache/check.tsbuildinfo'

export type CheckOptions = { readonly changed?: string | true }

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseCheck(args: readonly string[]): CheckOptions | undefined {
  const command = new Command('npm run check --')
    .description('Format, lint, types, what nothing uses, rule index, unit tests, selftest.')
    .option(
      '--changed [COMMIT]',
      'only lint, types, the unit tests that reach what changed since, and the counterexamples of rules in changed spec files (default: HEAD)',
    )
  addExamples(command, ['npm run check -- --changed', 'npm run check -- --changed main'])
  return parseCommand(command, args) ? command.opts<CheckOptions>() : undefined
}

/** `args` without node and script. Gives the exit status: 1 where a step is red. */
export async function check(args: readonly string[]): Promise<number> {
  try {
    const options = parseCheck(args)
    if (options === undefined) return 0
    const { changed } = options
    const groups = changed === undefined ? allSteps() : await stepsSince(changed === true ? 'HEAD' : changed)
    await using scratch = await makeScratch()
    // vitest takes CI for a terminal with colours.
    const plain = process.stdout.isTTY || process.env['FORCE_COLOR'] !== undefined ? {} : { NO_COLOR: '1' }
    const results = await runGroups(groups, { ...process.env, ...plain, TMPDIR: scratch.path })
    process.stdout.write(renderResults(results))
    return results.every(({ passed }) => passed) ? 0 : 1
  } catch (error) {
    return printFailure(error)
  }
}

async function stepsSince(base: string): Promise<readonly (readonly Step[])[]> {
  const changed = await changedFiles(base)
  const { tests, left } = await testsReaching(changed)
  const rules = await rulesStatedIn(changed)
  const more = left === 0 ? '' : `; ${left} of commands reach it too, and are left to npm run check`
  process.stdout.write(`${changed.length} files changed since ${base}, ${tests.length} test files reach them${more}\n`)
  if (rules.length > 0)
    process.stdout.write(`${rules.length} rules are stated in them: their counterexamples are tried\n`)
  const quick: readonly Step[] = [
    ['lint', LINT],
    ['types', [...TYPES, '--incremental', '--tsBuildInfoFile', KEPT_TYPES]],
  ]
  const unit: Step = ['unit', ['vitest', 'run', '--project=unit', '--reporter=dot', ...tests]]
  const ofRules: readonly Step[] = rules.length === 0 ? [] : [RULE_INDEX, ['selftest', [...OWN, 'selftest', ...rules]]]
  return [quick, [...ofRules, ...(tests.length === 0 ? [] : [unit])]]
}

/** Two steps at a time to the end, the longest last; with little memory the long ones one after the other. */
function allSteps(): readonly (readonly Step[])[] {
  return hasMemory() ? [[SELFTEST, ...QUICK, UNIT]] : [QUICK, [UNIT, SELFTEST]]
}

/** The first group two at a time, then the others. */
async function runGroups(
  [quick = [], long = []]: readonly (readonly Step[])[],
  env: NodeJS.ProcessEnv,
): Promise<readonly StepResult[]> {
  return [...(await runSteps(quick, 2, { env })), ...(await runSteps(long, 1, { env }))]
}
