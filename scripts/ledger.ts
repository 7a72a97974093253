// `npm run ledger` writes specs/contract/ledger.json from the spec files; `--check` only tells whether it is current.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { ledger } = await import('./ledger/main.ts')
process.exitCode = await ledger(process.argv.slice(2))
