// `npm run build`: both variants, or one, from upstream's parts. Exit 0 built, 1 a part does not fit, 2 it cannot be done.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { build } = await import('./build/main.ts')
process.exitCode = await build(process.argv.slice(2))
