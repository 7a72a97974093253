// The account of images, as a tree or as JSON: why each byte is what it is, and which rule holds it.
import { Command } from 'commander'
import { BUDGET } from '#harness/budget.ts'
import { HarnessError } from '#harness/errors.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { areaFolder, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import { openRegistries, parseGiven } from '../cli/candidates.ts'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import {
  addLimit,
  addRegistryOptions,
  limitExamples,
  registryExamples,
  type RegistryOptions,
} from '../cli/registry-options.ts'
import { accountOf } from '../judge/account/image.ts'
import { renderAccount } from '../judge/account/render.ts'
import { allGaps, sumsOf, type Span } from '../judge/account/span.ts'
import { describeAbout } from '../judge/candidates/candidates.ts'
import type { PartPlace } from '../judge/candidates/part.ts'
import { installerOf } from '../judge/candidates/parts.ts'

type Options = RegistryOptions & { readonly json: boolean; readonly references: readonly string[] }

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseAccountOptions(args: readonly string[]): Options | undefined {
  const command = new Command('npm run account --')
    .description('Say of every byte of an image why it is what it is: pinned, derived, declared or free.')
    .argument('<REFERENCE...>', 'images, as npm test takes them')
    .option('--json', 'print the tree as JSON', false)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run account -- oci:out/spin-only --json',
    ...registryExamples('npm run account -- ghcr.io/you/talos-spin-only:v1.11.5'),
    ...limitExamples('npm run account -- ghcr.io/you/talos-spin-only:v1.11.5'),
  ])
  if (!parseCommand(command, args)) return undefined
  return { ...command.opts<Omit<Options, 'references'>>(), references: command.args }
}

/** 0 where every byte is accounted for, 1 where one is not, 2 where an image cannot be read. */
export async function account(args: readonly string[]): Promise<number> {
  try {
    const options = parseAccountOptions(args)
    if (options === undefined) return 0
    const { signal } = new AbortController()
    const cacheFolder = options.cache ?? defaultCacheFolder()
    const references = options.references.map(parseGiven)
    const { limit: limits = BUDGET } = options
    const registry = await openRegistries(references, options, { cacheFolder, signal, limits })
    try {
      let complete = true
      for (const given of references) {
        const { reference, spans } = await accountFor(given, { cacheFolder, limits, registry })
        const name = renderReference(reference)
        const gaps = allGaps(spans)
        complete &&= gaps.length === 0
        const json = { reference: name, sums: sumsOf(spans), gaps, spans }
        process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : renderAccount(name, spans))
      }
      return complete ? 0 : 1
    } finally {
      await registry?.close()
    }
  } catch (error) {
    return printFailure(error)
  }
}

type Accounted = { readonly reference: Reference; readonly spans: readonly Span[] }

/** UsageError, in one sentence, for an image that is not there or cannot be read. */
async function accountFor(given: Reference, place: PartPlace): Promise<Accounted> {
  const { cacheFolder, limits, registry } = place
  try {
    const reference = await installerOf(given, place)
    const spool = new Spool(areaFolder(cacheFolder, 'spool'), limits)
    const part = await openInstaller(reference, { spool, ...(registry !== undefined && { registry }) })
    try {
      return { reference, spans: await accountOf(part) }
    } finally {
      await part.close()
    }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${renderReference(given)}: ${describeAbout(given, error)}`, { cause: error })
  }
}
