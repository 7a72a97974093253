// `npm test -- [REFERENCE…]`: the contract against candidates. Exit 0 conforms, 1 a must fails, 2 could not be judged.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
// Only now: the packages behind it do not even load on the Node that the guard refuses.
const { openSpecRun } = await import('./judge/run/spec-run.ts')
const run = openSpecRun()
// The rest is loaded while its worker loads what the specs need; before, it would only be in its way.
await run.started
const { main } = await import('./test/main.ts')
process.exitCode = await main(process.argv.slice(2), run)
