// `npm run check`: the project's own tests, one step after the other, all of them even when one is red.
import { spawn } from 'node:child_process'
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()

/** A step that prints its own result; the first word is a program of node_modules/.bin. */
const STEPS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['format', ['oxfmt', '--check']],
  ['lint', ['oxlint', '--deny-warnings', '--quiet']],
  ['types', ['tsc', '-p', '.']],
  ['unused', ['knip', '--no-progress']],
  ['ruleIndex', ['node', '--import', './scripts/preload.mjs', 'scripts/rule-index.ts', '--check']],
  [
    'unit',
    [
      'vitest',
      'run',
      '--project=unit',
      '--coverage',
      '--reporter=dot',
      '--reporter=json',
      '--outputFile.json=report/unit.json',
    ],
  ],
  ['selftest', ['node', '--import', './scripts/preload.mjs', 'scripts/selftest.ts']],
]

function run(command: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', (error) => {
      process.stderr.write(`error: ${program} does not start: ${error.message}\n`)
      resolve(false)
    })
    child.on('close', (code) => resolve(code === 0))
  })
}

const results: string[] = []
for (const [name, command] of STEPS) {
  const started = performance.now()
  const passed = await run(command)
  results.push(`${passed ? 'ok ' : 'RED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  if (!passed) process.exitCode = 1
}
process.stdout.write(`\n${results.join('\n')}\n`)
