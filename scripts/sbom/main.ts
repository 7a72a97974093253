// The bill of materials of an image, on standard output: what npm run publish attaches to it.
import { Command } from 'commander'
import { BUDGET } from '#harness/budget.ts'
import { HarnessError } from '#harness/errors.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { renderReference, type Reference } from '#harness/oci/image/reference.ts'
import { billName } from '#build/publish/bills.ts'
import { makeBill, type BillOptions } from '#build/sbom/bill.ts'
import type { Contract } from '#specs/contract/contract.ts'
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
import { describeAbout } from '../judge/candidates/candidates.ts'
import { loadContract, loadLock } from '../judge/candidates/inputs.ts'
import type { OpenedPart, PartPlace } from '../judge/candidates/part.ts'
import { openParts } from '../judge/candidates/parts.ts'

type Options = RegistryOptions & {
  readonly reference: string
  readonly contract?: string
  readonly lock?: string
}

const IMAGE = 'ghcr.io/you/talos-spin-only:v1.11.5'
const HELP = `
The image, its layers, kernel, initramfs and extensions by digest, and every package of the SPDX documents that Talos
and its extensions ship inside. The time is that of the image: the same image and lock give the same bytes. A lock of
another release counts as none; without one nothing says which image of upstream an extension is from.

Exit status: 0 written, 2 the image cannot be read.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseSbomOptions(args: readonly string[]): Options | undefined {
  const command = new Command('npm run sbom --')
    .description('Print the bill of materials of an image: SPDX 2.3 in JSON.')
    .argument('<REFERENCE>', 'an image, an asset tree, a UKI or a disk, as npm test takes it')
    .option('--contract <FILE>', 'your decisions: which label names the variant (default: as npm test)')
    .option('--lock <FILE>', 'where the extensions are from (default: as npm test)')
    .addHelpText('after', HELP)
  addExamples(addLimit(addRegistryOptions(command)), [
    'npm run sbom -- oci:out/spin-only > spin-only.spdx.json',
    `npm run sbom -- ${IMAGE} --contract my.yaml --lock my.lock.json`,
    ...registryExamples(`npm run sbom -- ${IMAGE}`),
    ...limitExamples(`npm run sbom -- ${IMAGE}`),
  ])
  if (!parseCommand(command, args)) return undefined
  const [reference = ''] = command.args
  return { ...command.opts<Omit<Options, 'reference'>>(), reference }
}

/** `args` without node and script. */
export async function sbom(args: readonly string[]): Promise<number> {
  try {
    const options = parseSbomOptions(args)
    if (options === undefined) return 0
    const given = parseGiven(options.reference)
    const contract = (await loadContract(options.contract)).value
    const lock = (await loadLock(options.lock))?.value
    const { limit: limits = BUDGET, cache: cacheFolder = defaultCacheFolder() } = options
    const { signal } = new AbortController()
    const registry = await openRegistries([given], options, { cacheFolder, signal, limits })
    try {
      process.stdout.write(await billOf(given, { cacheFolder, limits, registry }, { contract, lock }))
      return 0
    } finally {
      await registry?.close()
    }
  } catch (error) {
    return printFailure(error)
  }
}

type Terms = { readonly contract: Contract; readonly lock: BillOptions['lock'] }

/** UsageError, in one sentence, for an image that is not there or cannot be read. */
async function billOf(given: Reference, place: PartPlace, { contract, lock }: Terms): Promise<Uint8Array> {
  let parts: readonly OpenedPart[] = []
  try {
    parts = await openParts(given, undefined, place)
    const [part] = parts
    if (part === undefined) throw new Error('expected a part')
    const { talos, digest, manifest, reference, labels } = part
    const variant = labels[contract.labels.variant]
    const name = variant === undefined ? 'talos' : billName(variant)
    const repository = reference.kind === 'registry' ? `${reference.registry}/${reference.repository}` : undefined
    return await makeBill(talos, { name, digest: manifest ?? digest, repository, lock })
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${renderReference(given)}: ${describeAbout(given, error)}`, { cause: error })
  } finally {
    await Promise.all(parts.map(({ talos }) => talos.close()))
  }
}
