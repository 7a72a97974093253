// The project's own tests. The contract is not run from here but by `npm test`.
import { defineConfig } from 'vitest/config'

const folders = '{harness,specs,build,fixtures,scripts}'
const oracles = `${folders}/**/*.oracle.test.ts`

export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    allowOnly: false,
    // One more than two cores have to do: the tests of a registry that does not answer wait for it.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: [`${folders}/**/*.ts`],
      exclude: ['**/*.test.ts', '**/*.spec.ts'],
      reporter: ['text-summary'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/**/*.test.ts`],
          exclude: [oracles],
          pool: 'threads',
          isolate: false,
        },
      },
      { test: { name: 'oracles', include: [oracles], pool: 'threads', testTimeout: 120_000 } },
    ],
  },
})
