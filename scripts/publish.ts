// `npm run publish`: what was built and judged, into a registry. Exit as `npm test` of what is there then; see --help.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { publish } = await import('./publish/main.ts')
process.exitCode = await publish(process.argv.slice(2))
