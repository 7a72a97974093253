// Candidates for the selftest that are starts of an image.
import { COMMAND_LINE, consoleOf, type BootCounterexample } from '#fixtures/counterexamples/boot/valid.ts'
import { readConsole } from '#harness/talos/boot/console.ts'
import { bootCandidate } from '../judge/boots/candidate.ts'
import { shippedContract, type Prepared } from './prepare.ts'

/** Prints the console, reads it back, and says which rules must fail. */
export async function prepareBoot(example: BootCounterexample): Promise<Prepared> {
  const { name, of, end = 'settled', commandLine = COMMAND_LINE, unlisted, violates, inconclusive = [] } = example
  const contract = await shippedContract()
  const boot = {
    console: readConsole(consoleOf(example), 'console'),
    end: end === 'saved' ? { kind: end } : { kind: end, seconds: 20 },
    ...(unlisted === undefined && { layers: of.layers }),
    commandLine,
    talos: of.talos,
  }
  const candidate = bootCandidate(boot, `boot ${name}`, { reference: name, contract, by: 'saved' })
  return { candidate, expected: { violates, inconclusive } }
}
