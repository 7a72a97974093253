// Candidates against the contract: open, run, gate, and the whole of it as one record.
import { version as vitestVersion } from 'vitest/node'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { selectRules, type RuleIndex } from '#specs/contract/rule-index.ts'
import type { Lock } from '#specs/contract/lock.ts'
import type { CandidateInput, RunInput } from '#specs/support/run.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import type { Embedded } from '../../embedded/release.ts'
import type { LoadedConfig } from '../../lint-config/files.ts'
import type { Candidate } from '../candidates/candidates.ts'
import { conformanceSchema, STATUSES, type Conformance, type Contents, type Status } from '../verdict/conformance.ts'
import { readContents } from '../candidates/contents.ts'
import { exitCodeOf, judge, unknownRules } from '../verdict/gate.ts'
import { loadWaivers, type Loaded } from '../candidates/inputs.ts'
import { openCandidates } from '../candidates/open.ts'
import { UsageError, type ConformOptions } from '../../test/options.ts'
import { withReference } from '../candidates/reference.ts'
import { RELEASE_REFERENCE, toRelease } from './release.ts'
import { runSpecs } from './run.ts'
import type { SpecRun } from './spec-run.ts'
import { waive, waiverErrors } from '../verdict/waive.ts'

export type Inputs = {
  readonly ruleIndex: RuleIndex
  readonly contract: Loaded<Contract>
  readonly lock: Loaded<Lock> | undefined
  readonly config: LoadedConfig | undefined
  readonly embedded: Embedded | undefined
  readonly started?: SpecRun | undefined
  readonly signal: AbortSignal
}

/** UsageError where nothing can be judged. */
export async function judgeCandidates(
  references: readonly string[],
  options: ConformOptions,
  { ruleIndex, contract, lock, config, embedded, started, signal }: Inputs,
): Promise<Conformance> {
  const selected = selectOnly(ruleIndex, options.only)
  const waivers = await loadWaivers(options.waivers)
  const spoolFolder = options.cache ?? defaultCacheFolder()
  const opened = await openCandidates(references, options, {
    contract: contract.value,
    lock: lock?.value,
    targets: options.targets,
    assets: options.assets,
    spoolFolder,
    config,
    signal,
  })
  const place = { ruleIndex, selected, embedded, options, spoolFolder, signal }
  const { candidates, failures, trustedRoot } = await withReference(opened, place)
  const release = asksForRelease(ruleIndex, selected) ? toRelease(candidates, contract.value) : undefined
  const common = {
    ...(selected !== undefined && { selected }),
    spoolFolder,
    ...(failures !== undefined && { registry: { failures } }),
    ...(trustedRoot !== undefined && { trustedRoot }),
  }
  const { observations, runErrors: specErrors } = await runSpecs({
    signal,
    started,
    groups: [
      ...candidates.map((candidate) => ({ candidates: [candidate], ...common })),
      ...(release === undefined ? [] : [{ candidates: [release], members: candidates, ...common }]),
    ],
  })
  const today = new Date().toISOString().slice(0, 10)
  const judged = [...candidates, ...(release === undefined ? [] : [{ ...release, reference: RELEASE_REFERENCE }])].map(
    (candidate) => ({
      candidate,
      ...waive(judge(ruleIndex, candidate, observations, selected), waivers.value, candidate.variant, today),
    }),
  )
  const used = new Set(judged.flatMap((one) => [...one.used]))
  // What did not apply cannot show that its waiver is not needed.
  const applied = judged.flatMap(({ rules }) => rules.filter(({ status }) => status !== 'not-applicable'))
  const ids = new Set(applied.map(({ id }) => id))
  const runErrors = [
    ...specErrors,
    ...unknownRules(ruleIndex, observations),
    ...waiverErrors(waivers.value, used, ids, today),
  ]
  // Told in the page only; a release has the contents of its variants.
  const isWanted = (one: CandidateInput): boolean =>
    one.release !== true && options.output.some(({ format }) => format === 'html')
  const verdicts = await Promise.all(
    judged.map(async ({ candidate, rules }) => ({
      ...describeCandidate(candidate),
      ...(isWanted(candidate) ? await contentsOf(candidate, common) : {}),
      exitCode: exitCodeOf(rules, runErrors),
      rules,
    })),
  )
  return conformanceSchema.parse({
    schema: 1,
    tool: { name: packageJson.name, version: packageJson.version, node: process.versions.node, vitest: vitestVersion },
    contract: { version: ruleIndex.version, path: contract.path, sha256: contract.sha256 },
    ...(lock !== undefined && { lock: describeLock(lock) }),
    judgedAt: new Date().toISOString(),
    pinned: lock !== undefined,
    ...(selected !== undefined && { selected }),
    candidates: verdicts,
    runErrors,
    counts: countStatuses(verdicts.flatMap(({ rules }) => rules.map(({ status }) => status))),
    exitCode: worstExit(verdicts.map(({ exitCode }) => exitCode)),
  } satisfies Conformance)
}

type Place = Pick<RunInput, 'spoolFolder' | 'registry'>

async function contentsOf(candidate: CandidateInput, place: Place): Promise<{ contents?: Contents }> {
  const contents = await readContents(candidate, place)
  return contents === undefined ? {} : { contents }
}

function describeCandidate(
  candidate: CandidateInput & Pick<Candidate, 'reference' | 'digest' | 'assetsDigest' | 'claimedTalos'>,
) {
  const { reference, digest, assetsDigest, variant, claimedTalos, release, config } = candidate
  return {
    reference,
    ...(digest !== undefined && release !== true && { digest }),
    ...(assetsDigest !== undefined && release !== true && { assetsDigest }),
    variant,
    targets: candidate.targets ?? ['all'],
    ...(claimedTalos !== undefined && { claimedTalos }),
    ...(config !== undefined && { config: config.files }),
  }
}

/** With --only there may be no rule over a release: nothing could be said of one then. */
function asksForRelease({ requirements }: RuleIndex, selected: readonly string[] | undefined): boolean {
  return requirements.some(({ id, scope }) => scope === 'release' && selected?.includes(id) !== false)
}

function selectOnly(ruleIndex: RuleIndex, only: readonly string[] | undefined): readonly string[] | undefined {
  if (only === undefined) return undefined
  const { ids, unknown } = selectRules(ruleIndex, only)
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
