// Lint, top to bottom: options, inputs, each configuration as a candidate, verdict, exit status.
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { printFailure } from '../cli/failure.ts'
import { deliverVerdict } from '../cli/verdict-files.ts'
import { loadContract, loadLock, loadRuleIndex, loadWaivers, selectOnly } from '../judge/candidates/inputs.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { besideOf, loadSchematic } from '../judge/schematic.ts'
import { judgeCandidates } from '../judge/run/judge-candidates.ts'
import { CONFIG_SPEC_GLOB, type SpecRun } from '../judge/run/spec-run.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { LINT_REPORT, parseLintOptions, type LintOptions } from './options.ts'
import { loadProject } from './project.ts'

/**
 * `args` without node and script; `started` runs the specs of machine configuration, and is closed here. Gives the exit
 * status; prints everything that there is to say.
 */
export async function lintConfig(args: readonly string[], started?: SpecRun): Promise<number> {
  try {
    const options = parseLintOptions(args)
    if (options === undefined) return 0
    return await deliverVerdict(options, LINT_REPORT, () => lint(options, started))
  } catch (error) {
    return printFailure(error)
  } finally {
    await started?.close()
  }
}

async function lint(options: LintOptions, started: SpecRun | undefined): Promise<Conformance> {
  const { files, variant, talos } = options
  const ruleIndex = await loadRuleIndex()
  const contract = await loadContract(options.contract)
  const lock = await loadLock(options.lock)
  const waivers = await loadWaivers(options)
  const selected = selectOnly(ruleIndex, options.only)
  const { nodes, ignored } = await loadProject(files, { base: options.base, talos, locked: lock?.value.talos })
  for (const path of ignored) process.stderr.write(`not judged, no configuration of a node: ${path}\n`)
  const configTerms = { contract: contract.value, lock: lock?.value, variant }
  const beside = options.schematic === undefined ? {} : besideOf(await loadSchematic(options.schematic), contract.value)
  const candidates = nodes.map((config, at) => configCandidate({ ...config, ...beside }, configTerms, String(at)))
  const terms = {
    ruleIndex,
    contract,
    lock,
    waivers,
    selected,
    only: options.only,
    cacheFolder: defaultCacheFolder(),
    contents: false,
  }
  return judgeCandidates({ candidates, partsOf: () => [] }, { ...terms, specs: CONFIG_SPEC_GLOB, started })
}
