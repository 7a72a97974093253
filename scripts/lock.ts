// `npm run lock -- --from FOLDER`: a lock from upstream's parts on disk, on standard output or to --output FILE.
import { assertRuntime } from './runtime.ts'

assertRuntime()
const { lock } = await import('./lock/main.ts')
process.exitCode = await lock(process.argv.slice(2))
