// `npm run promote`: moves a channel to an image that conforms. Exit 0 moved, 1 a must fails, 2 it cannot be judged or done.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { promote } = await import('./promote/main.ts')
process.exitCode = await promote(process.argv.slice(2))
