// `npm run cache -- status|prune`: how full the cache of pulled images is, and making room in it.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { cache } = await import('./cache/main.ts')
process.exitCode = await cache(process.argv.slice(2))
