// `npm test -- --contract-only`: contract and waivers read as every command reads them, and what is in them in a few lines.
import { loadContract, loadWaivers } from '../judge/candidates/inputs.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'
import type { ConformOptions } from './options.ts'

/** Gives the exit status 0. UsageError with every finding, each with its line and column. */
export async function checkContract({ contract, waivers, references }: ConformOptions): Promise<0> {
  if (references.length > 0)
    throw new UsageError('--contract-only judges no image: leave the REFERENCE out, or leave --contract-only out')
  const { value, path } = await loadContract(contract)
  const accepted = await loadWaivers({ contract, waivers })
  const variants = Object.entries(value.variants)
  const lines = [
    `${path} is a contract of ${variants.length} variant${variants.length === 1 ? '' : 's'} for Talos ${value.talos}`,
    ...variants.map(
      ([name, { role, extensions }]) => `  ${name} (${role}): ${extensions.join(', ') || 'no extensions'}`,
    ),
    `${accepted.path} accepts ${accepted.value.length === 0 ? 'no failures' : accepted.value.map(({ id, expires }) => `${id} until ${expires}`).join(', ')}`,
  ]
  process.stdout.write(`${lines.map((line) => printable(line)).join('\n')}\n`)
  return 0
}
