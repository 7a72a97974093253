// Reproduction, top to bottom: options, upstream's parts, each image built once more, what came of it.
import { Command } from 'commander'
import { BuildError } from '#build/build-error.ts'
import { BUDGET } from '#harness/budget.ts'
import { describeError, HarnessError } from '#harness/errors.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { openUpstream } from '../build/upstream.ts'
import { openRegistries, parseGiven } from '../cli/candidates.ts'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { contractOption } from '../cli/judge-options.ts'
import { printFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { describeAbout } from '../judge/candidates/candidates.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { installerOf } from '../judge/candidates/parts.ts'
import { printable } from '../judge/verdict/printable.ts'
import { reproduce, type Reproduction } from './reproduce.ts'

export type ReproduceInputs = RegistryOptions & {
  readonly variant?: string
  readonly lock?: string
  readonly contract?: string
  readonly upstream?: string
}

const HELP = `
The lock and the contract must be those that the image was built from; its revision is read off its label.
Exit status: 0 the same bytes, 1 they differ, 2 only compression differs (another zstd), or it could not be tried.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseReproduceOptions(
  args: readonly string[],
): { readonly references: readonly string[]; readonly inputs: ReproduceInputs } | undefined {
  const command = new Command('npm run reproduce --')
    .description('Build images once more from lock and contract, and compare bit for bit.')
    .argument('<REFERENCE...>', 'images of this project, as npm test takes them')
    .option('--variant <NAME>', 'which variant they are (default: their label)')
    .option('--upstream <WHERE>', 'where the parts are, as npm run build takes it (default: where the lock says)')
    .option(
      '--lock <FILE>',
      'facts of the upstream release (default: talos-image.lock.json, or specs/contract/upstream.lock.json)',
    )
    .addOption(contractOption())
    .addHelpText('after', HELP)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run reproduce -- oci:out/spin-only --variant spin-only --upstream embedded',
    'npm run reproduce -- oci:out/spin-only --lock my.lock.json --contract my.yaml',
    ...registryExamples('npm run reproduce -- ghcr.io/you/talos-spin-only:v1.11.5'),
    ...limitExamples('npm run reproduce -- ghcr.io/you/talos-spin-only:v1.11.5'),
  ])
  return parseCommand(command, args) ? { references: command.args, inputs: command.opts<ReproduceInputs>() } : undefined
}

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('nothing was compared')
  try {
    const options = parseReproduceOptions(args)
    if (options === undefined) return 0
    return await reproduceAll(options.references.map(parseGiven), options.inputs, interrupt.signal)
  } catch (error) {
    return interrupt.statusOf(printFailure(interrupt.signal.aborted ? interrupt.signal.reason : error))
  } finally {
    interrupt.release()
  }
}

/** The worst of all images; prints a line or more for each. */
export async function reproduceAll(
  references: readonly Reference[],
  inputs: ReproduceInputs,
  signal: AbortSignal,
): Promise<0 | 1 | 2> {
  const { variant, ...others } = inputs
  const loaded = await loadContract(inputs.contract)
  const { value: contract } = loaded
  const cacheFolder = inputs.cache ?? defaultCacheFolder()
  const { limit: limits = BUDGET } = inputs
  const registry = await openRegistries(references, inputs, { cacheFolder, signal, limits })
  try {
    const upstream = await openUpstream({ ...others, output: '', dryRun: false, profileOnly: false }, loaded)
    try {
      let worst: 0 | 1 | 2 = 0
      for (const reference of references) {
        const { text, exit } = await tryOne(reference, async () =>
          reproduce(await installerOf(reference, { cacheFolder, registry, limits }), {
            contract,
            upstream,
            registry,
            variant,
            signal,
            limits,
          }),
        )
        signal.throwIfAborted()
        process.stdout.write(printable(text, { lines: true }))
        if (exit === 1 || worst === 0) worst = exit
      }
      return worst
    } finally {
      await upstream.close()
    }
  } finally {
    await registry?.close()
  }
}

type Outcome = { readonly text: string; readonly exit: 0 | 1 | 2 }

async function tryOne(reference: Reference, attempt: () => Promise<Reproduction>): Promise<Outcome> {
  const name = renderReference(reference)
  try {
    return renderReproduction(await attempt())
  } catch (error) {
    if (error instanceof BuildError) return { text: `NOT TRIED ${name}: ${describeError(error)}\n`, exit: 2 }
    if (error instanceof HarnessError)
      return { text: `NOT TRIED ${name}: ${describeAbout(reference, error)}\n`, exit: 2 }
    throw error
  }
}

export function renderReproduction({ reference, variant, digest, made, difference }: Reproduction): Outcome {
  if (difference === undefined) return { text: `REPRODUCED ${reference} as ${variant}\n  ${digest}\n`, exit: 0 }
  const { where, what, isCompression } = difference
  const word = isCompression === true ? 'INCONCLUSIVE' : 'DIFFERS'
  const why = isCompression === true ? '  made with another zstd or zlib, it holds the same\n' : ''
  return {
    text: `${word} ${reference} as ${variant}\n  got       ${digest}\n  expected  ${made}\n  where     ${where}\n  what      ${what}\n${why}`,
    exit: isCompression === true ? 2 : 1,
  }
}
