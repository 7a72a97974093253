// `npm run check:mutation`: every assertion of the specs mutated in turn, and the selftest must see it.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { checkMutation } = await import('./mutation/main.ts')
process.exitCode = await checkMutation(process.argv.slice(2))
