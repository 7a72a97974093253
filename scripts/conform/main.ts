// The main job, top to bottom: options, inputs, candidates, run, gate, report, exit status.
import { resolve } from 'node:path'
import { version as vitestVersion } from 'vitest/node'
import type { BlobFailures } from '#harness/oci/store-registry-failure.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { selectRules, type Ledger } from '#specs/contract/ledger.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { CandidateInput, RunInput } from '#specs/support/run.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { openCandidate, type Candidate, type CandidateOptions } from './candidates.ts'
import { conformanceSchema, STATUSES, type Conformance, type Contents, type Status } from './conformance.ts'
import { readContents } from './contents.ts'
import { buildEmbedded, type Embedded } from './embedded.ts'
import { exitCodeOf, judge } from './gate.ts'
import { cacheFolder, loadContract, loadLedger, loadLock, loadWaivers, type Loaded } from './inputs.ts'
import { parseOptions, UsageError, type ConformOptions } from './options.ts'
import { renderAnnotations, withoutCommands } from './outputs/annotations.ts'
import { renderOutput } from './outputs/output.ts'
import { printable } from './printable.ts'
import { RELEASE_REFERENCE, toRelease } from './release.ts'
import { cacheTrouble, openRegistries, pullCandidates } from './registry.ts'
import { renderTerminal } from './render.ts'
import { removeOld, REPORT_PATH, reportFile, writeWhole } from './report-file.ts'
import { INTERRUPTED, runSpecs } from './run.ts'
import { waive, waiverTroubles } from './waive.ts'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'))
  process.once('SIGINT', onInterrupt)
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    const files = [reportFile(options.report), ...options.output.map(({ file }) => file)]
    if (new Set(files.map((file) => resolve(file))).size < files.length)
      throw new UsageError('--report and --output name one file twice')
    await Promise.all(files.map(removeOld))
    const conformance = await conform(options, interrupt.signal)
    const report = `${JSON.stringify(conformance, null, 2)}\n`
    await writeWhole(reportFile(options.report), report)
    for (const { format, file } of options.output) await writeWhole(file, renderOutput(format, conformance))
    print(conformance, report, options)
    return conformance.exitCode
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED
    // Never 1: that status says that an image was judged.
    if (error instanceof UsageError) process.stderr.write(`error: ${printable(error.message)}\n`)
    else process.stderr.write(`internal error, please report it: ${(error as Error).stack ?? String(error)}\n`)
    return 2
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

/** On GitHub the log is read for commands: an image must not be able to write one. */
function print(conformance: Conformance, report: string, { json, report: path = REPORT_PATH }: ConformOptions): void {
  const onGitHub = process.env['GITHUB_ACTIONS'] === 'true'
  const text = json ? report : renderTerminal(conformance, process.stdout, path)
  process.stdout.write(onGitHub && !json ? withoutCommands(text) : text)
  if (onGitHub) (json ? process.stderr : process.stdout).write(renderAnnotations(conformance))
}

async function conform(options: ConformOptions, signal: AbortSignal): Promise<Conformance> {
  if (options.structureOnly && options.lock !== undefined)
    throw new UsageError('--structure-only compares with no release: leave --lock out, or leave --structure-only out')
  const ledger = await loadLedger()
  const contract = await loadContract(options.contract)
  const embedded = options.references.length === 0 ? await embed(options, contract.value, signal) : undefined
  try {
    const lock = options.structureOnly ? undefined : await loadLock(options.lock, embedded?.lock)
    const references = embedded?.references ?? options.references
    return await conformReferences(references, options, { ledger, contract, lock, signal })
  } finally {
    await embedded?.close()
  }
}

async function embed(options: ConformOptions, contract: Contract, signal: AbortSignal): Promise<Embedded> {
  const { variant } = options
  if (variant !== undefined && !Object.hasOwn(contract.variants, variant))
    throw new UsageError(`the contract knows no variant ${variant}, only ${Object.keys(contract.variants).join(', ')}`)
  return buildEmbedded(contract, { variant, signal })
}

type Inputs = {
  readonly ledger: Ledger
  readonly contract: Loaded<Contract>
  readonly lock: Loaded<Lock> | undefined
  readonly signal: AbortSignal
}

async function conformReferences(
  references: readonly string[],
  options: ConformOptions,
  { ledger, contract, lock, signal }: Inputs,
): Promise<Conformance> {
  const selected = selectOnly(ledger, options.only)
  const waivers = await loadWaivers(options.waivers)
  const spoolFolder = options.cache ?? cacheFolder()
  const { candidates, failures } = await openCandidates(references, options, {
    contract: contract.value,
    lock: lock?.value,
    faces: options.faces,
    assets: options.assets,
    spoolFolder,
    signal,
  })
  const release = toRelease(candidates, contract.value)
  const common = {
    ...(selected !== undefined && { selected }),
    spoolFolder,
    ...(failures !== undefined && { registry: { failures } }),
  }
  const { observations, troubles: runTroubles } = await runSpecs({
    signal,
    groups: [
      ...candidates.map((candidate) => ({ candidates: [candidate], ...common })),
      ...(release === undefined ? [] : [{ candidates: [release], members: candidates, ...common }]),
    ],
  })
  const today = new Date().toISOString().slice(0, 10)
  const judged = [...candidates, ...(release === undefined ? [] : [{ ...release, reference: RELEASE_REFERENCE }])].map(
    (candidate) => ({
      candidate,
      ...waive(judge(ledger, candidate, observations, selected), waivers.value, candidate.variant, today),
    }),
  )
  const used = new Set(judged.flatMap((one) => [...one.used]))
  const ids = new Set(selected ?? ledger.requirements.map(({ id }) => id))
  const troubles = [...runTroubles, ...waiverTroubles(waivers.value, used, ids, today)]
  // Told in the page only; a release has the contents of its variants.
  const isWanted = (one: CandidateInput): boolean =>
    one.release !== true && options.output.some(({ format }) => format === 'html')
  const verdicts = await Promise.all(
    judged.map(async ({ candidate, rules }) => ({
      ...describeCandidate(candidate),
      ...(isWanted(candidate) ? await contentsOf(candidate, common) : {}),
      exitCode: exitCodeOf(rules, troubles),
      rules,
    })),
  )
  return conformanceSchema.parse({
    schema: 1,
    tool: { name: packageJson.name, version: packageJson.version, node: process.versions.node, vitest: vitestVersion },
    contract: { version: ledger.version, path: contract.path, sha256: contract.sha256 },
    ...(lock !== undefined && { lock: describeLock(lock) }),
    judgedAt: new Date().toISOString(),
    pinned: lock !== undefined,
    ...(selected !== undefined && { selected }),
    candidates: verdicts,
    troubles,
    counts: countStatuses(verdicts.flatMap(({ rules }) => rules.map(({ status }) => status))),
    exitCode: worstExit(verdicts.map(({ exitCode }) => exitCode)),
  } satisfies Conformance)
}

type Place = Pick<RunInput, 'spoolFolder' | 'registry'>

async function contentsOf(candidate: CandidateInput, place: Place): Promise<{ contents?: Contents }> {
  const contents = await readContents(candidate, place)
  return contents === undefined ? {} : { contents }
}

function describeCandidate(candidate: CandidateInput & Pick<Candidate, 'reference' | 'digest' | 'claimedTalos'>) {
  const { reference, digest, variant, claimedTalos, release } = candidate
  return {
    reference,
    ...(digest !== undefined && release !== true && { digest }),
    variant,
    faces: candidate.faces ?? ['all'],
    ...(claimedTalos !== undefined && { claimedTalos }),
  }
}

type Opened = { readonly candidates: readonly Candidate[]; readonly failures: BlobFailures | undefined }

/** Every candidate, what is in a registry pulled into the cache; nobody needs the network after that. */
async function openCandidates(
  references: readonly string[],
  options: ConformOptions,
  { signal, ...common }: Omit<CandidateOptions, 'variant' | 'registry'> & { readonly signal: AbortSignal },
): Promise<Opened> {
  const { variant } = options
  const { spoolFolder } = common
  const registry = await openRegistries(options, { folder: spoolFolder, signal })
  try {
    const candidates: Candidate[] = []
    for (const [index, reference] of references.entries())
      candidates.push(await openCandidate(reference, String(index), { ...common, variant, registry }))
    const failures = registry && (await pullCandidates(registry, candidates, { spoolFolder, signal }))
    return { candidates, failures }
  } catch (error) {
    throw cacheTrouble(error, spoolFolder) ?? error
  } finally {
    await registry?.close()
  }
}

function selectOnly(ledger: Ledger, only: readonly string[] | undefined): readonly string[] | undefined {
  if (only === undefined) return undefined
  const { ids, unknown } = selectRules(ledger, only)
  if (unknown.length > 0) throw new UsageError(`--only names no rule and no area: ${unknown.join(', ')}`)
  return ids
}

function describeLock({ path, sha256, value }: Loaded<Lock>): NonNullable<Conformance['lock']> {
  return { path, sha256, ...(value.talos !== undefined && { talos: value.talos }) }
}

function countStatuses(statuses: readonly Status[]): Conformance['counts'] {
  return Object.fromEntries(
    STATUSES.map((status) => [status, statuses.filter((one) => one === status).length]),
  ) as Conformance['counts']
}

/** A red candidate is worse than one that could not be judged. */
function worstExit(codes: readonly number[]): number {
  return codes.includes(1) ? 1 : Math.max(...codes)
}
