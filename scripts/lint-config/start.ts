// `npm run lint-config -- FILE…`: a machine configuration by itself against the contract. Exit 0 conforms, 1 a must
// fails, 2 not judged.
import { CONFIG_SPEC_GLOB, openSpecRun } from '../judge/run/spec-run.ts'

/** `args` without node and script. Gives the exit status. */
export async function start(args: readonly string[]): Promise<number> {
  const run = openSpecRun(CONFIG_SPEC_GLOB)
  // The rest is loaded while its worker loads what the specs need.
  await run.started
  const { lintConfig } = await import('./main.ts')
  return lintConfig(args, run)
}
