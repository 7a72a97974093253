// `npm run drift`: what a new Talos release changes for these images.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { drift } = await import('./drift/main.ts')
process.exitCode = await drift(process.argv.slice(2))
