// The project's own tests. The contract is not run from here but by `npm test`.
import { defineConfig } from 'vitest/config'
import { makeHeapRoomy, ROOMY } from './scripts/check/heap.ts'
import { LongestFirst } from './scripts/testing/sequence.ts'

makeHeapRoomy()

const folders = '{harness,specs,build,fixtures,scripts}'
const oracles = `${folders}/**/*.oracle.test.ts`
/** For what hangs; no test may depend on how busy the machine is. Those that took seconds on an idle one were red at 5 s on another. */
const PATIENCE = { testTimeout: 240_000, hookTimeout: 240_000 }

/** Vitest would leave the order to a sequencer that it is given. */
const isShuffled = process.argv.some((word) => word.startsWith('--sequence.shuffle'))

export default defineConfig({
  test: {
    expect: { requireAssertions: true, poll: { timeout: PATIENCE.testTimeout } },
    allowOnly: false,
    ...(!isShuffled && { sequence: { sequencer: LongestFirst } }),
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: [`${folders}/**/*.ts`],
      exclude: ['**/*.test.ts', '**/*.spec.ts'],
      reporter: ['text-summary'],
    },
    // The runner of the CI that runs these tests is not the one that a command of theirs writes annotations for.
    env: { GITHUB_ACTIONS: '' },
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/**/*.test.ts`],
          exclude: [oracles],
          pool: 'threads',
          isolate: false,
          ...PATIENCE,
        },
      },
      // Processes, not threads: each test starts many tools, and a fork of one process with the memory of all took longer than
      // most of the tools.
      {
        test: {
          name: 'oracles',
          include: [oracles],
          globalSetup: 'scripts/check/oracle-scratch.ts',
          pool: 'forks',
          execArgv: [...ROOMY],
          ...PATIENCE,
        },
      },
    ],
  },
})
