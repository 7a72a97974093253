// Nodes, top to bottom: options, what the nodes say, each node as a candidate, verdict, exit status.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { HarnessError, describeError } from '#harness/errors.ts'
import { observeNodes, type ObservedNode, type SavedOutput } from '#harness/talos/node/observed.ts'
import { UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { deliverVerdict } from '../cli/verdict-files.ts'
import { loadContract, loadLock, loadRuleIndex, loadWaivers, selectOnly } from '../judge/candidates/inputs.ts'
import { nodeCandidate } from '../judge/nodes/candidate.ts'
import { findOwnFiles } from '../judge/candidates/own-files.ts'
import { judgeCandidates } from '../judge/run/judge-candidates.ts'
import { NODE_SPEC_GLOB, type SpecRun } from '../judge/run/spec-run.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { printable } from '../judge/verdict/printable.ts'
import { distinctMachines, MAX_NODES } from './addresses.ts'
import { collect } from './collect.ts'
import { NODE_REPORT, parseNodeOptions, type NodeOptions } from './options.ts'
import { readSaved } from './saved.ts'
import { readVerdicts } from './verdict.ts'

/**
 * `args` without node and script; `started` runs the specs of nodes and their configurations, and is closed here. Gives the
 * exit status; prints everything that there is to say.
 */
export async function node(args: readonly string[], started?: SpecRun): Promise<number> {
  const interrupt = catchInterrupt('nothing was judged')
  try {
    const options = parseNodeOptions(args)
    if (options === undefined) return 0
    return await deliverVerdict(options, NODE_REPORT, () => judgeNodes(options, started, interrupt.signal))
  } catch (error) {
    return interrupt.statusOf(printFailure(interrupt.signal.aborted ? interrupt.signal.reason : error))
  } finally {
    interrupt.release()
    await started?.close()
  }
}

async function judgeNodes(
  options: NodeOptions,
  started: SpecRun | undefined,
  signal: AbortSignal,
): Promise<Conformance> {
  const ruleIndex = await loadRuleIndex()
  const contract = await loadContract(options.contract)
  // The lock that is shipped is of one release; nodes may be of any.
  const isLocked = (options.lock ?? findOwnFiles().lock) !== undefined
  const lock = isLocked ? await loadLock(options.lock) : undefined
  const waivers = await loadWaivers(options)
  const selected = selectOnly(ruleIndex, options.only)
  const verdicts = await readVerdicts(options.verdict)
  const observed = observe(await readOutputs(options, signal), options)
  const terms = {
    contract: contract.value,
    lock: lock?.value,
    variant: options.variant,
    judgedFor: (variant: string) => verdicts.get(variant),
  }
  const candidates = observed.map((one, at) => nodeCandidate(one, String(at), terms))
  return judgeCandidates(
    { candidates, partsOf: () => [] },
    {
      ruleIndex,
      contract,
      lock,
      waivers,
      selected,
      only: options.only,
      cacheFolder: defaultCacheFolder(),
      contents: false,
      specs: NODE_SPEC_GLOB,
      started,
    },
  )
}

/** What was saved, or what is asked now: both come from files of one form. */
async function readOutputs(options: NodeOptions, signal: AbortSignal): Promise<readonly SavedOutput[]> {
  if (options.from !== undefined) return readSaved(options.from)
  if (options.collect !== undefined) {
    await collect(options.collect, { ...options, signal })
    return readSaved(options.collect)
  }
  const folder = await mkdtemp(join(tmpdir(), 'talos-node-'))
  try {
    await collect(join(folder, 'asked'), { ...options, signal })
    return await readSaved(join(folder, 'asked'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** UsageError for outputs that are none of talosctl, and for none of a node. */
function observe(outputs: readonly SavedOutput[], { nodes, from }: NodeOptions): readonly ObservedNode[] {
  try {
    const observed = observeNodes(outputs, nodes)
    if (observed.length > MAX_NODES)
      throw new UsageError(`expected at most ${MAX_NODES} nodes in ${from ?? '--nodes'}, got ${observed.length}`)
    if (observed.length === 0) throw new UsageError(`${from ?? 'talosctl'} says nothing of any node`)
    return distinctMachines(observed, (text) => process.stderr.write(`${printable(text)}\n`))
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(describeError(error), { cause: error })
    throw error
  }
}
