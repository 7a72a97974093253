// `npm run node-check -- --nodes LIST`: running nodes against the contract. Exit 0 conforms, 1 a must fails, 2 not
// judged.
import { NODE_SPEC_GLOB, openSpecRun } from '../judge/run/spec-run.ts'

/** `args` without node and script. Gives the exit status. */
export async function start(args: readonly string[]): Promise<number> {
  const run = openSpecRun(NODE_SPEC_GLOB)
  // The rest is loaded while its worker loads what the specs need.
  await run.started
  const { node } = await import('./main.ts')
  return node(args, run)
}
