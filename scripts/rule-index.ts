// `npm run rule-index` writes specs/contract/rule-index.json from the spec files; `--check` only tells whether it is current.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { ruleIndex } = await import('./rule-index/main.ts')
process.exitCode = await ruleIndex(process.argv.slice(2))
