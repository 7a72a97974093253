// `npm run check`: the project's own tests, one step after the other, all of them even when one is red.
import { spawn } from 'node:child_process'
import { Command } from 'commander'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { ROOT } from '../root.ts'
import { changedFiles, testsReaching } from './changed.ts'

/** A step that prints its own result; the first word is a program of node_modules/.bin. */
type Step = readonly [name: string, command: readonly string[]]

const OWN = ['node', '--import', './scripts/preload.mjs', 'scripts/develop.ts']
const STEPS: readonly Step[] = [
  ['format', ['oxfmt', '--check']],
  ['lint', ['oxlint', '--deny-warnings', '--quiet']],
  ['types', ['tsc', '-p', '.']],
  ['unused', ['knip', '--no-progress']],
  ['ruleIndex', [...OWN, 'rule-index', '--check']],
  [
    'unit',
    ['vitest', 'run', '--project=unit', '--reporter=dot', '--reporter=json', '--outputFile.json=report/unit.json'],
  ],
  ['selftest', [...OWN, 'selftest']],
]

/** The state that tsc keeps from run to run. */
const TYPES = 'node_modules/.cache/check.tsbuildinfo'

export type CheckOptions = { readonly changed?: string | true }

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseCheck(args: readonly string[]): CheckOptions | undefined {
  const command = new Command('npm run check --')
    .description('Format, lint, types, what nothing uses, rule index, unit tests, selftest.')
    .option('--changed [COMMIT]', 'only lint, types, and the unit tests that reach what changed since (default: HEAD)')
  addExamples(command, ['npm run check -- --changed', 'npm run check -- --changed main'])
  return parseCommand(command, args) ? command.opts<CheckOptions>() : undefined
}

/** `args` without node and script. Gives the exit status: 1 where a step is red. */
export async function check(args: readonly string[]): Promise<number> {
  try {
    const options = parseCheck(args)
    if (options === undefined) return 0
    const { changed } = options
    return await runSteps(changed === undefined ? STEPS : await stepsSince(changed === true ? 'HEAD' : changed))
  } catch (error) {
    return printFailure(error)
  }
}

async function stepsSince(base: string): Promise<readonly Step[]> {
  const changed = await changedFiles(base)
  const { tests, left } = await testsReaching(changed)
  const more = left === 0 ? '' : `; ${left} of commands reach it too, and are left to npm run check`
  process.stdout.write(`${changed.length} files changed since ${base}, ${tests.length} test files reach them${more}\n`)
  const lint = STEPS.filter(([name]) => name === 'lint')
  const quick: readonly Step[] = [...lint, ['types', ['tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', TYPES]]]
  return tests.length === 0
    ? quick
    : [...quick, ['unit', ['vitest', 'run', '--project=unit', '--reporter=dot', ...tests]]]
}

async function runSteps(steps: readonly Step[]): Promise<0 | 1> {
  const results: string[] = []
  let status: 0 | 1 = 0
  for (const [name, command] of steps) {
    const started = performance.now()
    const passed = await run(command)
    results.push(`${passed ? 'ok ' : 'RED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    if (!passed) status = 1
  }
  process.stdout.write(`\n${results.join('\n')}\n`)
  return status
}

function run(command: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit' })
    child.on('error', (error) => {
      process.stderr.write(`error: ${program} does not start: ${error.message}\n`)
      resolve(false)
    })
    child.on('close', (code) => resolve(code === 0))
  })
}
