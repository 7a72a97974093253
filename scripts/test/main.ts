// The main job, top to bottom: options, inputs, candidates, run, gate, report, exit status.
import { resolve } from 'node:path'
import type { Contract } from '#specs/contract/contract.ts'
import type { Embedded } from '../embedded/release.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { loadContract, loadRuleIndex, loadLock } from '../judge/candidates/inputs.ts'
import { loadConfig } from '../judge/candidates/machine-config.ts'
import { judgeCandidates } from '../judge/run/judge-candidates.ts'
import { parseOptions, UsageError, type ConformOptions } from './options.ts'
import { renderAnnotations, withoutCommands } from '../judge/outputs/annotations.ts'
import { renderOutput } from '../judge/outputs/output.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { renderTerminal } from '../judge/render.ts'
import { removeOld, REPORT_PATH, reportFile, writeWhole } from '../judge/verdict/report-file.ts'
import { INTERRUPTED } from '../judge/run/run.ts'
import type { SpecRun } from '../judge/run/spec-run.ts'

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
    const files = [reportFile(options.report), ...options.output.map(({ file }) => file)]
    if (new Set(files.map((file) => resolve(file))).size < files.length)
      throw new UsageError('--report and --output name one file twice')
    await Promise.all(files.map(removeOld))
    const conformance = await conform(options, started, interrupt.signal)
    const report = `${JSON.stringify(conformance, null, 2)}\n`
    await writeWhole(reportFile(options.report), report)
    for (const { format, file } of options.output) await writeWhole(file, renderOutput(format, conformance))
    print(conformance, report, options)
    return conformance.exitCode
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED
    // Never 1: that status says that an image was judged.
    process.stderr.write(`${error instanceof UsageError ? renderFailure(error) : renderBug(error)}\n`)
    return 2
  } finally {
    await started?.close()
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

async function conform(
  options: ConformOptions,
  started: SpecRun | undefined,
  signal: AbortSignal,
): Promise<Conformance> {
  if (options.structureOnly && options.lock !== undefined)
    throw new UsageError('--structure-only compares with no release: leave --lock out, or leave --structure-only out')
  const ruleIndex = await loadRuleIndex()
  const contract = await loadContract(options.contract)
  const config = await loadConfig(options)
  const embedded = options.references.length === 0 ? await embed(options, contract.value, signal) : undefined
  try {
    const lock = options.structureOnly ? undefined : await loadLock(options.lock, embedded?.lock)
    const inputs = { ruleIndex, contract, lock, config, embedded, started, signal }
    if (embedded === undefined) return await judgeCandidates(options.references, options, inputs)
    const { references, cache, trustedRoot } = embedded
    const place = { ...options, references, cache, trustedRoot, offline: false }
    const own = { ...inputs, contract: { ...contract, value: embedded.contract } }
    return await judgeCandidates(references, place, own)
  } finally {
    await embedded?.close()
  }
}

async function embed(options: ConformOptions, contract: Contract, signal: AbortSignal): Promise<Embedded> {
  const { variant } = options
  if (variant !== undefined && !Object.hasOwn(contract.variants, variant))
    throw new UsageError(`the contract knows no variant ${variant}, only ${Object.keys(contract.variants).join(', ')}`)
  // Only here: no image that is given needs what makes one.
  const { makeEmbedded } = await import('../embedded/release.ts')
  return makeEmbedded(contract, { variant, signal })
}
