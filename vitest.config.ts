// The project's own tests. The contract is not run from here but by `npm test`.
import { defineConfig } from 'vitest/config'

const folders = '{harness,specs,build,fixtures,scripts}'
const oracles = `${folders}/**/*.oracle.test.ts`
/** For what hangs; no test may depend on how busy the machine is. Those that took seconds on an idle one were red at 5 s on another. */
const PATIENCE = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    expect: { requireAssertions: true, poll: { timeout: PATIENCE.testTimeout } },
    allowOnly: false,
    // One more than two cores have to do: the tests of a registry that does not answer wait for it.
    maxWorkers: 3,
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
      { test: { name: 'oracles', include: [oracles], pool: 'threads', ...PATIENCE } },
    ],
  },
})
