// The main job, top to bottom: options, inputs, candidates, run, gate, report, exit status.
import { BUDGET } from '#harness/budget.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { GivenSchematic } from '#specs/support/applicability.ts'
import { openGiven, parseGiven } from '../cli/candidates.ts'
import { printFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { UsageError } from '../cli/command-line.ts'
import { deliverVerdict } from '../cli/verdict-files.ts'
import type { Embedded } from '../embedded/release.ts'
import type { LoadedConfig, loadMachineConfig } from '../judge/candidates/config-files.ts'
import {
  loadAdvisories,
  loadContract,
  loadLock,
  loadRuleIndex,
  loadWaivers,
  selectOnly,
  type Loaded,
} from '../judge/candidates/inputs.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import type { OpenedCandidates } from '../judge/candidates/open.ts'
import { judgeCandidates, type JudgeTerms } from '../judge/run/judge-candidates.ts'
import { besideOf, loadSchematic } from '../judge/schematic.ts'
import type { SpecRun } from '../judge/run/spec-run.ts'
import { releaseNames } from '../judge/run/release.ts'
import { shardPlace } from '../judge/run/shard.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { REPORT_PATH } from '../judge/verdict/report-file.ts'
import { tellArrivals } from './arrivals.ts'
import { checkContract } from './contract-only.ts'
import { judgedBy } from './judged-by.ts'
import { parseOptions, type ConformOptions } from './options.ts'

/**
 * `args` without node and script; `started` saves the time that vitest takes to start, and is closed here. Gives the
 * exit status; prints everything that there is to say.
 */
export async function main(args: readonly string[], started?: SpecRun): Promise<number> {
  const interrupt = catchInterrupt('no verdict was reached')
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    if (options.contractOnly) return await checkContract(options)
    const { reproduce } = options
    const given = parseAll(options)
    if (options.shard !== undefined && given.references.length === 0)
      throw new UsageError('--shard judges a share of a list of images: name their REFERENCEs, or leave --shard out')
    if (options.shard !== undefined && reproduce)
      throw new UsageError('--reproduce is not shared out: leave it or --shard out')
    if (reproduce && given.references.length === 0)
      throw new UsageError('--reproduce builds an image once more: name its REFERENCE, or leave --reproduce out')
    const verdict = await deliverVerdict(options, REPORT_PATH, () =>
      conform(options, given, { started, signal: interrupt.signal }),
    )
    return reproduce ? worse(verdict, await reproduceGiven(given, options, interrupt.signal)) : verdict
  } catch (error) {
    return interrupt.statusOf(printFailure(interrupt.signal.aborted ? interrupt.signal.reason : error))
  } finally {
    await started?.close()
    interrupt.release()
  }
}

async function reproduceGiven({ references }: Given, options: ConformOptions, signal: AbortSignal): Promise<number> {
  // Only here: no verdict needs what makes an image.
  const { reproduceAll } = await import('../reproduce/main.ts')
  return reproduceAll(references, options, signal)
}

/** An image that differs is red, even if other facts could not be determined. */
function worse(one: number, other: number): number {
  return one === 1 || other === 1 ? 1 : Math.max(one, other)
}

async function conform(
  options: ConformOptions,
  given: Given,
  { started, signal }: { readonly started: SpecRun | undefined; readonly signal: AbortSignal },
): Promise<Conformance> {
  if (options.structureOnly && options.lock !== undefined)
    throw new UsageError('--structure-only compares with no release: leave --lock out, or leave --structure-only out')
  const ruleIndex = await loadRuleIndex()
  const selected = selectOnly(ruleIndex, options.only)
  const contract = await loadContract(options.contract)
  const waivers = await loadWaivers(options)
  if (options.talos !== undefined && options.config === undefined)
    throw new UsageError('--talos says which Talos reads the configuration: give --config, or leave --talos out')
  const config = options.config && (await loadConfig(options.config, options.talos))
  const schematic = options.schematic === undefined ? undefined : await loadSchematic(options.schematic)
  const isConfigAlone = options.references.length === 0 && config !== undefined
  if (isConfigAlone && options.assets !== undefined)
    throw new UsageError('--assets names the assets of an image: name the image too, or leave --assets out')
  if (schematic !== undefined && options.references.length === 0 && !isConfigAlone)
    throw new UsageError('--schematic says what an image is made of: name its REFERENCE, or leave --schematic out')
  const embedded =
    options.references.length === 0 && !isConfigAlone ? await embed(options, contract, signal) : undefined
  try {
    const names = releaseNames(given.references, contract.value)
    const shard = options.shard && shardPlace(options.shard, listOf(options), names, await judgedBy(options))
    const own = shard?.own ?? names.keys().toArray()
    const lock = options.structureOnly ? undefined : await loadLock(options.lock, embedded?.lock)
    const terms: JudgeTerms = {
      ruleIndex,
      contract: { ...contract, value: embedded?.contract ?? contract.value },
      lock,
      waivers,
      selected,
      only: options.only,
      cacheFolder: embedded?.cacheFolder ?? options.cache ?? defaultCacheFolder(),
      limits: options.limit ?? BUDGET,
      keepFacts: embedded === undefined && !(options.fromBytes || options.account || options.reproduce),
      contents: options.output.some(({ format }) => format === 'html'),
      started,
      releaseNames: own.map((at) => names[at] ?? ''),
      shard,
    }
    const opened = isConfigAlone
      ? openConfig({ ...config, ...(schematic && besideOf(schematic, terms.contract.value)) }, terms, options.variant)
      : await openImages(shareOf(given, own), shareOf(options, own), { terms, config, schematic, embedded, signal })
    try {
      const conformance = await judgeCandidates(opened, terms)
      if (options.account) await printAccounts(opened, options.json ? process.stderr : process.stdout)
      return conformance
    } finally {
      await opened.close()
    }
  } finally {
    await embedded?.close()
  }
}

/** Loads the readers of machine configurations only where there is one. */
async function loadConfig(...args: Parameters<typeof loadMachineConfig>): Promise<LoadedConfig> {
  return (await import('../judge/candidates/config-files.ts')).loadMachineConfig(...args)
}

/** Prints before the verdict, whose last line stays the last. */
async function printAccounts({ candidates, partsOf }: OpenedCandidates, out: NodeJS.WritableStream): Promise<void> {
  const { accountText } = await import('../judge/candidates/account.ts')
  for (const { key } of candidates) out.write(`${await accountText(partsOf(key))}\n`)
}

function openConfig(
  config: LoadedConfig,
  { contract, lock }: JudgeTerms,
  variant: string | undefined,
): OpenedCandidates {
  const candidate = configCandidate(config, { contract: contract.value, lock: lock?.value, variant })
  return { candidates: [candidate], partsOf: () => [], close: () => Promise.resolve() }
}

type Given = {
  readonly references: readonly Reference[]
  readonly assets: Reference | undefined
  /** The image that the lock pins as the reference. */
  readonly reference: Reference | undefined
}

function parseAll({ references, assets, reference }: ConformOptions): Given {
  return {
    references: references.map(parseGiven),
    assets: assets === undefined ? undefined : parseGiven(assets),
    reference: reference === undefined ? undefined : parseGiven(reference),
  }
}

/** The whole list of a shard, with all that says what each image is. */
function listOf({ references, variants }: ConformOptions): readonly string[] {
  return references.map((reference, at) => [reference, ...(variants[at] === undefined ? [] : [variants[at]])].join(' '))
}

/** The references at these positions, with their variants. */
function shareOf<T extends { readonly references: readonly unknown[]; readonly variants?: readonly unknown[] }>(
  { references, variants, ...rest }: T,
  own: readonly number[],
): T {
  const pick = (all: readonly unknown[]): readonly unknown[] => own.map((at) => all[at])
  return { ...rest, references: pick(references), ...(variants !== undefined && { variants: pick(variants) }) } as T
}

type Opening = {
  readonly terms: JudgeTerms
  readonly config: LoadedConfig | undefined
  readonly schematic: GivenSchematic | undefined
  readonly embedded: Embedded | undefined
  readonly signal: AbortSignal
}

/** The given candidates, or the embedded ones; with the image that the lock pins as the reference. */
async function openImages(
  { references, assets, reference }: Given,
  options: ConformOptions,
  { terms, config, schematic, embedded, signal }: Opening,
): Promise<OpenedCandidates> {
  const { ruleIndex, contract, lock, selected, cacheFolder, limits } = terms
  const { variant, variants, targets } = options
  const arrivals = opensAhead(terms, options) ? tellArrivals({ cacheFolder, limits: limits ?? BUDGET }) : undefined
  const own = embedded === undefined ? options : { ...options, trustedRoot: embedded.trustedRoot, offline: false }
  return openGiven(embedded?.references ?? references, own, {
    ruleIndex,
    selected,
    contract: contract.value,
    lock: lock?.value,
    variant,
    ...(embedded === undefined && { variants, identify: true }),
    targets,
    assets,
    reference,
    atHand: embedded?.reference,
    cacheFolder,
    limits,
    advisories: await loadAdvisories(options.advisories),
    config,
    schematic,
    signal,
    onTar: arrivals?.onTar,
  }).finally(() => arrivals?.close())
}

/** True where a worker waits that will be asked for all that is in the image. */
function opensAhead({ started, selected, keepFacts }: JudgeTerms, { targets }: ConformOptions): boolean {
  return started !== undefined && selected === undefined && keepFacts === true && targets?.includes('image') !== false
}

async function embed(options: ConformOptions, contract: Loaded<Contract>, signal: AbortSignal): Promise<Embedded> {
  const { variant } = options
  const { variants } = contract.value
  if (variant !== undefined && !Object.hasOwn(variants, variant))
    throw new UsageError(`unknown variant ${variant}; defined: ${Object.keys(variants).join(', ')}`)
  // Only here: no image that is given needs what makes one.
  const [{ makeEmbedded }, { chosenRelease, refuseHeld }] = await Promise.all([
    import('../embedded/release.ts'),
    import('../embedded-upstream/chosen.ts'),
  ])
  refuseHeld(contract)
  return makeEmbedded(contract.value, { variant, signal, talos: chosenRelease(contract) })
}
