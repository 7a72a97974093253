// `npm run explain -- [ID…]`: rules explained. `--readme` writes the README's table of rules, `--readme --check` only
// tells whether it is current.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const args = process.argv.slice(2)
if (args.includes('--readme')) {
  const { refreshReadme } = await import('./explain/refresh-readme.ts')
  process.exitCode = await refreshReadme({ check: args.includes('--check') })
} else {
  const { main } = await import('./explain/main.ts')
  process.exitCode = await main(args)
}
