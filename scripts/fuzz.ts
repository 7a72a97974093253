// `npm run check:fuzz [-- RUNS [SEED]]`: the property tests of every reader with many inputs and a seed of their own.
import { spawnSync } from 'node:child_process'
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()

/** A reader that lets a damaged input decide how much it allocates ends the process here; all stay below 256 MiB. */
const HEAP = '--max-old-space-size=160 --max-semi-space-size=8'

/** Per sample of each format. */
const [runs = '5000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)
process.stdout.write(
  `seed ${seed}, ${runs} damaged inputs for each sample; repeat with: npm run check:fuzz -- ${runs} ${seed}\n`,
)
const { status } = spawnSync('vitest', ['run', '--project=unit', '--pool=forks', '--testNamePattern=hostile'], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: HEAP, FUZZ_RUNS: runs, FUZZ_SEED: seed },
})
process.exitCode = status ?? 1
