// `npm run bench`: what a verdict and a build cost, beside the same work by hand. Exit 1 a bar is missed, 2 a tool is missing.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { main } = await import('./bench/main.ts')
process.exitCode = await main(process.argv.slice(2))
