// Oracles of which CI tries a part, with all that they can be asked: the package under every Node, each embedded release.
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { run, type Check } from './tool.ts'

export function wholeChecks(): readonly Check[] {
  return [
    oracles('the package under every Node', { EVERY_NODE: '1' }, ['scripts/package']),
    oracles('the parts of every embedded release', { EVERY_RELEASE: '1' }, ['fixtures/simulator/upstream']),
    oracles('the verdict of drift on every embedded release', { EVERY_RELEASE: '1' }, ['scripts/drift']),
  ]
}

function oracles(name: string, env: Readonly<Record<string, string>>, paths: readonly string[]): Check {
  return {
    name,
    run: async () => {
      const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
      // npm's cache is where HOME says, and 300 MB for each Node.
      const own = { ...env, HOME: process.env['HOME'] ?? ROOT, NO_COLOR: '1' }
      await run(process.execPath, [vitest, 'run', '--project=oracles', ...paths], { cwd: ROOT, env: own })
      return undefined
    },
  }
}
