// `npm run boot -- REFERENCE`: whether an image boots. Exit 0 it does, 1 it does not, 2 not judged.
import { BOOT_SPEC_GLOB, openSpecRun } from '../judge/run/spec-run.ts'

/** `args` without node and script. Gives the exit status. */
export async function start(args: readonly string[]): Promise<number> {
  const run = openSpecRun(BOOT_SPEC_GLOB)
  // The rest is loaded while its worker loads what the specs need.
  await run.started
  const { boot } = await import('./main.ts')
  return boot(args, run)
}
