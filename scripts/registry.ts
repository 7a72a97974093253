// `npm run registry -- [NAME:TAG=oci:PATH…]`: a registry on loopback until Ctrl-C. Exit 2: what was typed is wrong.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { main } = await import('./registry/main.ts')
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
process.exitCode = await main(process.argv.slice(2), stop.signal)
