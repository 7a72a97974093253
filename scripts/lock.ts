// `npm run lock`: the facts of one Talos release, read off upstream's registry or its parts on disk.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { lock } = await import('./lock/main.ts')
process.exitCode = await lock(process.argv.slice(2))
