// The packed package under every Node that may start it; CI tries the oldest.
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { run, type Check } from './tool.ts'

export function packageChecks(): readonly Check[] {
  return [
    {
      name: 'the package under every Node',
      run: async () => {
        const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
        // npm's cache is where HOME says, and 300 MB for each Node.
        const env = { EVERY_NODE: '1', HOME: process.env['HOME'] ?? ROOT }
        await run(process.execPath, [vitest, 'run', '--project=oracles', 'scripts/package'], { cwd: ROOT, env })
        return undefined
      },
    },
  ]
}
