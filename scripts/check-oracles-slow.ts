// `npm run check:oracles:slow`: the embedded registry before tools that first have to be fetched: the conformance suite
// of the distribution specification, crane and oras. Needs the network, Go and apt; not part of CI. Exit 1: one is red.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { main } = await import('./check-oracles-slow/main.ts')
process.exitCode = await main(process.argv.slice(2))
