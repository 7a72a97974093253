// `npm run check:bytes [-- COUNT [SEED]]`: random damages of goldens, at every depth: none may stay green.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { checkBytes } = await import('./check-bytes/main.ts')
const [count = '200', seed = '1'] = process.argv.slice(2)
process.exitCode = await checkBytes(Number(count), Number(seed))
