// The main job, top to bottom: options, inputs, candidates, run, gate, report, exit status.
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { printFailure } from '../cli/failure.ts'
import { UsageError } from '../cli/command-line.ts'
import { deliverVerdict } from '../cli/verdict-files.ts'
import type { Embedded } from '../embedded/release.ts'
import { accountText } from '../judge/candidates/account.ts'
import { loadMachineConfig } from '../judge/candidates/config-files.ts'
import {
  loadAdvisories,
  loadContract,
  loadLock,
  loadRuleIndex,
  loadWaivers,
  selectOnly,
} from '../judge/candidates/inputs.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { openCandidates, type OpenedCandidates } from '../judge/candidates/open.ts'
import { withReference } from '../judge/candidates/reference.ts'
import { judgeCandidates, type JudgeTerms } from '../judge/run/judge-candidates.ts'
import { INTERRUPTED } from '../judge/run/run.ts'
import type { SpecRun } from '../judge/run/spec-run.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { REPORT_PATH } from '../judge/verdict/report-file.ts'
import { parseOptions, type ConformOptions } from './options.ts'

/**
 * `args` without node and script; `started` saves the time that vitest takes to start, and is closed here. Gives the exit
 * status; prints everything that there is to say.
 */
export async function main(args: readonly string[], started?: SpecRun): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'))
  process.once('SIGINT', onInterrupt)
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    const { references, reproduce } = options
    if (reproduce && references.length === 0)
      throw new UsageError('--reproduce builds an image once more: name its REFERENCE, or leave --reproduce out')
    const verdict = await deliverVerdict(options, REPORT_PATH, () => conform(options, started, interrupt.signal))
    return reproduce ? worse(verdict, await reproduceGiven(options)) : verdict
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED
    return printFailure(error)
  } finally {
    await started?.close()
    process.off('SIGINT', onInterrupt)
  }
}

async function reproduceGiven({ references, ...options }: ConformOptions): Promise<number> {
  // Only here: no verdict needs what makes an image.
  const { reproduceAll } = await import('../reproduce/main.ts')
  return reproduceAll(references, options)
}

/** An image that differs is red, whatever else could not be told. */
function worse(one: number, other: number): number {
  return one === 1 || other === 1 ? 1 : Math.max(one, other)
}

async function conform(
  options: ConformOptions,
  started: SpecRun | undefined,
  signal: AbortSignal,
): Promise<Conformance> {
  if (options.structureOnly && options.lock !== undefined)
    throw new UsageError('--structure-only compares with no release: leave --lock out, or leave --structure-only out')
  const ruleIndex = await loadRuleIndex()
  const selected = selectOnly(ruleIndex, options.only)
  const contract = await loadContract(options.contract)
  const waivers = await loadWaivers(options.waivers)
  if (options.talos !== undefined && options.config === undefined)
    throw new UsageError('--talos says which Talos reads the configuration: give --config, or leave --talos out')
  const config = options.config && (await loadMachineConfig(options.config, options.talos))
  const isConfigAlone = options.references.length === 0 && config !== undefined
  if (isConfigAlone && options.assets !== undefined)
    throw new UsageError('--assets names the assets of an image: name the image too, or leave --assets out')
  const embedded =
    options.references.length === 0 && !isConfigAlone ? await embed(options, contract.value, signal) : undefined
  try {
    const lock = options.structureOnly ? undefined : await loadLock(options.lock, embedded?.lock)
    const terms: JudgeTerms = {
      ruleIndex,
      contract: { ...contract, value: embedded?.contract ?? contract.value },
      lock,
      waivers,
      selected,
      cacheFolder: embedded?.cache ?? options.cache ?? defaultCacheFolder(),
      contents: options.output.some(({ format }) => format === 'html'),
      started,
      signal,
    }
    if (isConfigAlone) {
      const { variant } = options
      const candidate = configCandidate(config, { contract: contract.value, lock: lock?.value, variant })
      return await judgeCandidates({ candidates: [candidate] }, terms)
    }
    const opened = await open(options, { terms, config, embedded })
    const conformance = await judgeCandidates(opened, terms)
    if (options.account) await printAccounts(opened, terms.cacheFolder, options.json ? process.stderr : process.stdout)
    return conformance
  } finally {
    await embedded?.close()
  }
}

/** Before the verdict, whose last line stays the last. */
async function printAccounts(
  { candidates, failures }: OpenedCandidates,
  cacheFolder: string,
  out: NodeJS.WritableStream,
): Promise<void> {
  const place = { cacheFolder, ...(failures !== undefined && { registry: { failures } }) }
  for (const candidate of candidates) out.write(`${await accountText(candidate, place)}\n`)
}

type Opening = {
  readonly terms: JudgeTerms
  readonly config: Awaited<ReturnType<typeof loadMachineConfig>> | undefined
  readonly embedded: Embedded | undefined
}

/** What is given, or the embedded candidates; with the image that the lock pins as the reference. */
async function open(given: ConformOptions, { terms, config, embedded }: Opening): Promise<OpenedCandidates> {
  const { ruleIndex, contract, lock, selected, cacheFolder, signal } = terms
  const options: ConformOptions =
    embedded === undefined
      ? given
      : { ...given, references: embedded.references, trustedRoot: embedded.trustedRoot, offline: false }
  const { references, targets, assets } = options
  const advisories = await loadAdvisories(options.advisories)
  const opened = await openCandidates(references, options, {
    contract: contract.value,
    lock: lock?.value,
    targets,
    assets,
    cacheFolder,
    advisories,
    config,
    signal,
  })
  return withReference(opened, { ruleIndex, selected, embedded, options, cacheFolder, signal })
}

async function embed(options: ConformOptions, contract: Contract, signal: AbortSignal): Promise<Embedded> {
  const { variant } = options
  if (variant !== undefined && !Object.hasOwn(contract.variants, variant))
    throw new UsageError(`the contract knows no variant ${variant}, only ${Object.keys(contract.variants).join(', ')}`)
  // Only here: no image that is given needs what makes one.
  const { makeEmbedded } = await import('../embedded/release.ts')
  return makeEmbedded(contract, { variant, signal })
}
