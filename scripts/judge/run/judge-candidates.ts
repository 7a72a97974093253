// Candidates against the contract: run, gate, and the whole of it as one record.
import type { BudgetLimits } from '#harness/budget.ts'
import { version as vitestVersion } from 'vitest/node'
import type { Contract } from '#specs/contract/contract.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { Waiver } from '#specs/contract/waivers.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import type { Candidate } from '../candidates/candidates.ts'
import type { OpenedCandidates } from '../candidates/open.ts'
import { conformanceSchema, type Conformance } from '../verdict/conformance.ts'
import { withAbout } from './about.ts'
import type { readContents } from '../candidates/contents.ts'
import type { Observation } from '../verdict/observation.ts'
import { emptiness, exitCodeOf, unknownRules } from '../verdict/gate.ts'
import { countStatuses, worstExit } from '../verdict/sums.ts'
import type { Loaded } from '../candidates/inputs.ts'
import { groupCandidates } from './groups.ts'
import { PROJECT_REFERENCE, toProject } from './project.ts'
import { RELEASE_REFERENCE, toReleases } from './release.ts'
import { shardRecord, type ShardPlace } from './shard.ts'
import { runSpecs } from './run.ts'
import type { SpecRun } from './spec-run.ts'
import { summarizeNode } from '../nodes/summary.ts'
import { judgeWithWaivers, mayBeWaived, waiverErrors, waiverUse } from '../verdict/waive.ts'

export type JudgeTerms = {
  readonly ruleIndex: RuleIndex
  readonly contract: Loaded<Contract>
  /** The lock; undefined where nothing is compared with a release. */
  readonly lock: Loaded<Lock> | undefined
  readonly waivers: Loaded<readonly Waiver[]>
  /** The rules to judge, with those that they need; undefined for all. */
  readonly selected: readonly string[] | undefined
  /** The rules and areas that were asked for by name; undefined for all. */
  readonly only?: readonly string[] | undefined
  readonly cacheFolder: string
  /** The limits of each reference. */
  readonly limits?: BudgetLimits | undefined
  /** True to believe what earlier runs found in the same bytes, and to leave what this one finds. */
  readonly keepFacts?: boolean | undefined
  /** True where the record includes the contents of each candidate. */
  readonly contents: boolean
  /** Spec files; all of them where it is undefined. */
  readonly specs?: string
  /** Started before with these, for the first group. */
  readonly started?: SpecRun | undefined
  /** Name of the release that each candidate is of; one for all by default. */
  readonly releaseNames?: readonly string[]
  /** The share that this run has in a whole: what only the whole can say is left to the merge. */
  readonly shard?: ShardPlace | undefined
}

/** Judges candidates; never throws for what one holds. */
export async function judgeCandidates(
  { candidates, failures, answers, trustedRoot, partsOf }: Omit<OpenedCandidates, 'close'>,
  {
    ruleIndex,
    contract,
    lock,
    waivers,
    selected,
    only,
    cacheFolder,
    limits,
    keepFacts,
    contents,
    specs,
    started,
    releaseNames,
    shard,
  }: JudgeTerms,
): Promise<Conformance> {
  const releases = asksForRelease(ruleIndex, selected) ? toReleases(candidates, contract.value, releaseNames) : []
  const isOne = shard === undefined && releases.length === 1
  const project = toProject(candidates, contract.value)
  const common = {
    ...(selected !== undefined && { selected }),
    cacheFolder,
    ...(limits !== undefined && { limits }),
    ...(keepFacts !== undefined && { keepFacts }),
    ...(failures !== undefined && { registry: { failures, answers } }),
    ...(trustedRoot !== undefined && { trustedRoot }),
  }
  const { observations, runErrors: specErrors } = await runSpecs({
    ...(specs !== undefined && { specs }),
    started,
    groups: groupCandidates(candidates, { releases: releases.map((one) => one.candidate), project }).map((group) => ({
      candidates: group,
      ...common,
    })),
  })
  const isWaivable = (id: string): boolean => mayBeWaived(ruleIndex, contract.value, id)
  const today = new Date().toISOString().slice(0, 10)
  const judged = [
    ...candidates,
    ...releases.map(({ name, candidate }) => ({
      ...candidate,
      reference: isOne || name === '' ? RELEASE_REFERENCE : `${RELEASE_REFERENCE} ${name}`,
    })),
    ...(project === undefined ? [] : [{ ...project, reference: PROJECT_REFERENCE }]),
  ].map((candidate) => ({
    candidate,
    ...judgeWithWaivers([ruleIndex, candidate, observations, { selected }], waivers.value, {
      variant: candidate.variant,
      today,
      isWaivable,
    }),
  }))
  const used = new Set(judged.flatMap((one) => [...one.used]))
  // A rule that did not apply cannot show that its waiver is not needed.
  const applied = judged.flatMap(({ rules }) => rules.filter(({ status }) => status !== 'not-applicable'))
  const ids = new Set(applied.map(({ id }) => id))
  const runErrors = [
    ...specErrors,
    ...unknownRules(ruleIndex, observations),
    ...waiverErrors(waivers.value, {
      used,
      // Whether a waiver is needed is for the whole to say.
      judged: shard === undefined ? ids : new Set(),
      today,
      isWaivable,
      known: new Set(ruleIndex.requirements.map(({ id }) => id)),
      variants: Object.keys(contract.value.variants),
    }),
    ...(shard === undefined
      ? emptiness(
          judged.flatMap(({ rules }) => rules),
          only,
          candidates.flatMap((candidate) => candidate.targets ?? []),
        )
      : []),
  ]
  const verdicts = await Promise.all(
    judged.map(async ({ candidate, rules }) => {
      // A release has the contents of its variants.
      const parts = candidate.release === true ? [] : partsOf(candidate.key)
      const { forbidden = [] } = contract.value.variants[candidate.variant] ?? {}
      const inside = contents ? await contentsOf(parts, { forbidden, lock: lock?.value }) : undefined
      return {
        ...describeCandidate(candidate),
        ...listsOf(candidate, observations),
        ...(inside !== undefined && { contents: inside }),
        exitCode: exitCodeOf(rules, runErrors),
        rules: await withAbout(rules, parts),
      }
    }),
  )
  return conformanceSchema.parse({
    schema: 2,
    tool: { name: packageJson.name, version: packageJson.version, node: process.versions.node, vitest: vitestVersion },
    rules: ruleIndex.version,
    contract: {
      path: contract.path,
      sha256: contract.sha256,
      ...(contract.value.reference !== undefined && { reference: contract.value.reference }),
    },
    waivers: { path: waivers.path, sha256: waivers.sha256 },
    ...(lock !== undefined && { lock: describeLock(lock) }),
    ...(shard !== undefined && {
      shard: shardRecord(
        shard,
        judged.map((one) => one.candidate),
        waiverUse(waivers.value, { used, judged: ids }),
      ),
    }),
    judgedAt: new Date().toISOString(),
    pinned: lock !== undefined,
    ...(only !== undefined && { only }),
    ...(selected !== undefined && { selected }),
    candidates: verdicts,
    runErrors,
    counts: countStatuses(verdicts),
    exitCode: worstExit(
      verdicts.map(({ exitCode }) => exitCode),
      runErrors.length > 0 ? 2 : 0,
    ),
  } satisfies Conformance)
}

function describeCandidate(
  candidate: CandidateInput &
    Pick<Candidate, 'reference' | 'digest' | 'assetsDigest' | 'claimedTalos' | 'identified' | 'bootSummary'>,
) {
  const { reference, digest, assetsDigest, variant, claimedTalos, identified, release, config, node, bootSummary } =
    candidate
  return {
    reference,
    ...(digest !== undefined && release !== true && { digest }),
    ...(assetsDigest !== undefined && release !== true && { assetsDigest }),
    variant,
    targets: candidate.targets ?? ['all'],
    ...(claimedTalos !== undefined && { claimedTalos }),
    ...(identified !== undefined && release !== true && { identified }),
    ...(config !== undefined && { config: config.files }),
    ...(node !== undefined && { node: summarizeNode(node.observed) }),
    ...(bootSummary !== undefined && { boot: bootSummary }),
  }
}

/** The list of the installer, or of what there is in place of one. */
function listsOf({ key }: CandidateInput, observations: readonly Observation[]) {
  const own = observations.filter(({ candidate, lists }) => candidate === key && lists !== undefined)
  const { lists } = own.find(({ part }) => part === 'installer') ?? own[0] ?? {}
  return lists === undefined ? {} : { extensions: lists }
}

/** True where a rule over a release is selected: with --only there may be none. */
function asksForRelease({ requirements }: RuleIndex, selected: readonly string[] | undefined): boolean {
  return requirements.some(({ id, scope }) => scope === 'release' && selected?.includes(id) !== false)
}

function describeLock({ path, sha256, value }: Loaded<Lock>): NonNullable<Conformance['lock']> {
  return { path, sha256, ...(value.talos !== undefined && { talos: value.talos }) }
}

/** Loads the readers of images only where contents are asked for. */
async function contentsOf(...args: Parameters<typeof readContents>): ReturnType<typeof readContents> {
  return (await import('../candidates/contents.ts')).readContents(...args)
}
