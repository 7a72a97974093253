// `npm run check:fuzz [-- RUNS [SEED]]`: the property tests of every reader with many inputs and a seed of their own.
import { spawnSync } from 'node:child_process'
import { Command } from 'commander'
import { addExamples, parseCommand, parseCount } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { ROOT } from '../root.ts'

/** A reader that lets a damaged input decide how much it allocates ends the process here; all stay below 256 MiB. */
const HEAP = '--max-old-space-size=160 --max-semi-space-size=8'

/** Runs and seed, or undefined after --help was printed. Throws UsageError. */
export function parseFuzzOptions(args: readonly string[]): readonly [runs: number, seed: number] | undefined {
  const command = new Command('npm run check:fuzz --')
    .description('Damaged copies of every format: a value or a coded, located error, never a hang or a crash.')
    .argument('[RUNS]', 'damaged inputs for each sample of each format', parseCount, 5000)
    .argument('[SEED]', 'that repeats a run', parseCount, Date.now() % 2 ** 31)
  addExamples(command, ['npm run check:fuzz -- 20000 7'])
  return parseCommand(command, args) ? (command.processedArgs as [number, number]) : undefined
}

/** `args` without node and script. Gives the exit status. */
export async function fuzz(args: readonly string[]): Promise<number> {
  try {
    const options = parseFuzzOptions(args)
    if (options === undefined) return 0
    const [runs, seed] = options
    process.stdout.write(
      `seed ${seed}, ${runs} damaged inputs for each sample; repeat with: npm run check:fuzz -- ${runs} ${seed}\n`,
    )
    const { status } = spawnSync('vitest', ['run', '--project=unit', '--pool=forks', '--testNamePattern=hostile'], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, NODE_OPTIONS: HEAP, FUZZ_RUNS: String(runs), FUZZ_SEED: String(seed) },
    })
    return status ?? 1
  } catch (error) {
    return printFailure(error)
  }
}
