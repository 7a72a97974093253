// `npm run lint-config -- FILE…`: a machine configuration against the contract. Exit 0 right, 1 wrong, 2 not judged.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { lintConfig } = await import('./lint-config/main.ts')
process.exitCode = await lintConfig(process.argv.slice(2))
