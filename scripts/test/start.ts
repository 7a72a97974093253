// `npm test -- [REFERENCE…]`: the contract against candidates. Exit 0 conforms, 1 a must fails, 2 could not be judged.
import { openSpecRun } from '../judge/run/spec-run.ts'

/** `args` without node and script. Gives the exit status. */
export async function start(args: readonly string[]): Promise<number> {
  // Nothing is judged then: no worker is needed.
  if (args.includes('--contract-only')) return (await import('./main.ts')).main(args)
  const run = openSpecRun()
  // The rest is loaded while its worker loads what the specs need; before, it would only be in its way.
  await run.started
  const { main } = await import('./main.ts')
  return main(args, run)
}
