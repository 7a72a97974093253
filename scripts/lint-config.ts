// `npm run lint-config -- FILE…`: a machine configuration by itself against the contract. Exit 0 conforms, 1 a must
// fails, 2 not judged.
import { assertRuntime } from './cli/runtime.ts'

assertRuntime()
const { CONFIG_SPEC_GLOB, openSpecRun } = await import('./judge/run/spec-run.ts')
const run = openSpecRun(CONFIG_SPEC_GLOB)
// The rest is loaded while its worker loads what the specs need.
await run.started
const { lintConfig } = await import('./lint-config/main.ts')
process.exitCode = await lintConfig(process.argv.slice(2), run)
