// `npm test -- [REFERENCE…]`: the contract against candidates. Exit 0 conforms, 1 a must fails, 2 could not be judged.
import { assertRuntime } from './runtime.ts'

assertRuntime()
// Only now: the packages behind it do not even load on the Node that the guard refuses.
const { main } = await import('./conform/main.ts')
process.exitCode = await main(process.argv.slice(2))
