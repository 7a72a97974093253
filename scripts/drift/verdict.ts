// Both variants built on an unlocked release, in a temporary folder, and judged.
import { join } from 'node:path'
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'
import { assemble } from '#build/assemble.ts'
import { BuildError } from '#build/build-error.ts'
import { openCommonParts } from '#build/common-parts.ts'
import { planVariant } from '#build/plan.ts'
import { registryUpstream } from '#build/upstream/registry.ts'
import type { UpstreamParts } from '#build/upstream/upstream.ts'
import { encodedPart } from '#harness/bytes/digest.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import { settleInParallel } from '#harness/oci/parallel.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock } from '#specs/contract/lock.ts'
import { loadMachineConfig } from '../judge/candidates/config-files.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { loadAdvisories, loadRuleIndex, loadWaivers, type Loaded } from '../judge/candidates/inputs.ts'
import { openGiven, parseGiven } from '../cli/candidates.ts'
import { judgeCandidates, type JudgeTerms } from '../judge/run/judge-candidates.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import type { UpstreamSession } from '../lock/upstream/session.ts'
import type { DriftOptions } from './options.ts'
import type { DriftVerdict } from './report.ts'

export type VerdictPlace = {
  readonly session: UpstreamSession
  readonly contract: Loaded<Contract>
  readonly options: DriftOptions
  /** The image that the lock pins as the reference. */
  readonly reference: string | undefined
  readonly signal: AbortSignal
}

const BAD = new Set(['fail', 'inconclusive', 'blocked', 'missing'])

/** Variants that are built at once. */
const AT_ONCE = 2

/** The rule about the install image: it names the release of today, the upgrade itself names the next. */
const INSTALL_IMAGE = 'CFG-004'

/** The verdict of `npm run build` and `npm test`; `decisions` is the caller's. */
export async function judgeRelease(lock: Lock, decisions: number, place: VerdictPlace): Promise<DriftVerdict> {
  const { upstream } = place.session
  await using folder = await makeTemporaryFolder('talos-image-drift-')
  const { spool, access: registry, hasAll = false, mirror } = upstream
  const parts = registryUpstream(lock, { spool, registry, hasAll }, mirror)
  try {
    const references = await buildAll(folder.path, lock, parts, place)
    upstream.step(`judging ${lock.talos}`)
    return summarize(await judge(references, lock, place), decisions)
  } catch (error) {
    if (error instanceof BuildError || error instanceof HarnessError) return { reason: error.message }
    throw error
  } finally {
    await parts.close()
  }
}

/** One frame of zstd has one thread: two variants are built at once, of parts that are read and squashed once. */
async function buildAll(
  folder: string,
  lock: Lock,
  parts: UpstreamParts,
  { session, contract, signal }: VerdictPlace,
): Promise<readonly Reference[]> {
  const { upstream, limits } = session
  const plans = Object.keys(contract.value.variants).map((variant) =>
    planVariant({ lock, contract: contract.value, variant }),
  )
  const [first] = plans
  if (first === undefined) return []
  const spool = new Spool(join(folder, 'spool'), limits)
  try {
    await using common = openCommonParts(parts, { plan: first, folder, spool })
    return await settleInParallel(
      plans,
      async (plan) => {
        const output = join(folder, plan.variant)
        upstream.step(`building ${plan.variant} on ${lock.talos}`)
        await assemble(plan, { upstream: parts, output, signal, limits, common })
        return { kind: 'oci', path: output, ...(lock.talos !== undefined && { tag: lock.talos }) } as const
      },
      AT_ONCE,
    )
  } finally {
    await spool.close()
  }
}

async function judge(
  references: readonly Reference[],
  lock: Lock,
  { session, contract, options: given, reference, signal }: VerdictPlace,
): Promise<readonly Conformance[]> {
  const { caFile, insecure, trustedRoot } = given
  const { cacheFolder } = session
  const reach = {
    ...(caFile !== undefined && { caFile }),
    ...(insecure !== undefined && { insecure }),
    ...(trustedRoot !== undefined && { trustedRoot }),
  }
  const terms = { ruleIndex: await loadRuleIndex(), selected: undefined, cacheFolder, limits: session.limits }
  const judgeTerms: JudgeTerms = {
    ...terms,
    contract,
    lock: { value: lock, path: `Talos ${lock.talos}`, sha256: encodedPart(lockDigest(lock)) },
    waivers: await loadWaivers(given),
    contents: false,
  }
  const alone = await judgeConfig(given.config, lock, judgeTerms)
  const opened = await openGiven(references, reach, {
    ...terms,
    signal,
    contract: contract.value,
    lock,
    advisories: await loadAdvisories(given.advisories),
    config: undefined,
    reference: reference === undefined ? undefined : parseGiven(reference),
  })
  try {
    return [await judgeCandidates(opened, judgeTerms), ...alone]
  } finally {
    await opened.close()
  }
}

/** A configuration is of one node, and the images are of every variant: it is judged by itself, as that Talos reads it. */
async function judgeConfig(
  files: readonly string[] | undefined,
  lock: Lock,
  terms: JudgeTerms,
): Promise<readonly Conformance[]> {
  if (files === undefined) return []
  const config = await loadMachineConfig(files, lock.talos)
  const candidate = configCandidate(config, { contract: terms.contract.value, lock, variant: undefined })
  const opened = { candidates: [candidate], partsOf: () => [], close: () => Promise.resolve() }
  const selected = terms.ruleIndex.requirements.map(({ id }) => id).filter((id) => id !== INSTALL_IMAGE)
  return [await judgeCandidates(opened, { ...terms, selected })]
}

function summarize(verdicts: readonly Conformance[], decisions: number): DriftVerdict {
  const candidates = verdicts.flatMap((one) => one.candidates)
  const exits = verdicts.map(({ exitCode }) => exitCode)
  const exitCode = exits.find((one) => one === 1) ?? Math.max(...exits)
  const rules = candidates.flatMap(({ variant, rules: all }) =>
    all.flatMap(({ id, level, status }) => (level === 'must' && BAD.has(status) ? [{ variant, id, status }] : [])),
  )
  return { exit: exitCode === 0 || exitCode === 1 ? exitCode : 2, rules, decisions }
}
