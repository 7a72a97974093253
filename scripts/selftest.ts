// `npm run selftest`: every counterexample fails exactly its rules, every rule is failed by one, the goldens fail none.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { selftest } = await import('./selftest/main.ts')
process.exitCode = await selftest(process.argv.slice(2))
