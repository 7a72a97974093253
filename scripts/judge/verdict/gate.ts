// The gate: observations against the rule index. What the rule index expects and the run does not show is never green.
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import {
  applicability,
  type Applicability,
  IMAGELESS_PARTS,
  JUDGED_PARTS,
  type CandidateTargets,
  type JudgedPart,
} from '#specs/support/applicability.ts'
import type { Finding, RuleVerdict, Status } from './conformance.ts'
import type { Observation, ObservedError } from './observation.ts'

/** Codes that say nothing about the image: a fact or a capability is missing, or a registry did not answer. */
const INCONCLUSIVE = new Set([
  'FACT_ABSENT',
  'REFERENCE_UNUSABLE',
  'VARIANT_UNREAD',
  'UNSUPPORTED',
  'TRUST_ROOT',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_DENIED',
  'REGISTRY_PROTOCOL',
])
/** Codes by which a reader says that the image is not what it must be. */
const NONCONFORMING = new Set([
  'MANIFEST_UNKNOWN',
  'BLOB_UNKNOWN',
  'REFERRER_MISSING',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'TRAILING_DATA',
  'TRUNCATED',
  'BAD_MAGIC',
  'LIMIT_EXCEEDED',
  'MALFORMED',
  'SCHEMA',
  'SIGNATURE',
  'IDENTITY',
  'SUBJECT',
])

type PartResult = { readonly status: Status; readonly reason?: string; readonly findings: readonly Finding[] }

export type Selection = {
  /** The rules to judge; undefined for all. */
  readonly selected?: readonly string[] | undefined
  /** Rules whose failure is waived: they block nothing, so that no rule goes unjudged by a waiver of another. */
  readonly waived?: ReadonlySet<string>
}

/** One verdict per rule of the rule index (or of `selected`) for one candidate. */
export function judge(
  ruleIndex: RuleIndex,
  candidate: CandidateTargets & { readonly key: string },
  observations: readonly Observation[],
  { selected, waived }: Selection = {},
): readonly RuleVerdict[] {
  const own = Map.groupBy(
    observations.filter((observation) => observation.candidate === candidate.key),
    ({ id }) => id,
  )
  const entries = listedRules(ruleIndex, candidate, selected).map((entry) => ({
    ...entry,
    applies: applicability(entry, candidate),
  }))
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const memo = new Map<string, PartResult>()

  /** The status of a rule on one part, with its needs taken into account; undefined when it does not apply there. */
  const statusOn = (id: string, part: JudgedPart): PartResult | undefined => {
    const entry = byId.get(id)
    if (entry === undefined || !entry.applies.parts.some((one) => one === part)) return undefined
    const key = `${id} ${part}`
    const known = memo.get(key)
    if (known !== undefined) return known
    memo.set(key, { status: 'blocked', reason: `${id} needs itself`, findings: [] })
    // A rule over both parts reads both, wherever it is reported.
    const read = entry.scope === 'parts' ? JUDGED_PARTS : [part]
    const isBlocking = (need: string, one: JudgedPart): boolean => {
      const status = statusOn(need, one)?.status
      return isRed(status) && !(status === 'fail' && waived?.has(need) === true)
    }
    const red = entry.needs.find((need) => read.some((one) => isBlocking(need, one)))
    const result: PartResult =
      red === undefined
        ? classify((own.get(id) ?? []).filter((observation) => observation.part === part))
        : { status: 'blocked', reason: `blocked: ${red} failed`, findings: [] }
    memo.set(key, result)
    return result
  }
  return entries.map((entry) => verdictOf(entry, own.get(entry.id) ?? [], statusOn))
}

/** True for a listed rule: a release, a project, a node, a boot, and a configuration without an image list only their own. */
function isAbout({ scope, targets }: RuleIndexEntry, { release, project, parts }: CandidateTargets): boolean {
  if (release === true) return scope === 'release'
  const own = IMAGELESS_PARTS.filter((part) => parts[part] !== undefined)
  const isOwn = own.some((part) => targets.includes(part))
  if (project === true || scope === 'project') return project === true && scope === 'project' && isOwn
  if (Object.keys(parts).length === own.length) return isOwn
  return !targets.every((target) => target === 'node' || target === 'boot')
}

function verdictOf(
  entry: RuleIndexEntry & { readonly applies: Applicability },
  seen: readonly Observation[],
  statusOn: (id: string, part: JudgedPart) => PartResult | undefined,
): RuleVerdict {
  const { parts, reason } = entry.applies
  const results = parts.map((part) => statusOn(entry.id, part)).filter((result) => result !== undefined)
  const worst = results.toSorted((a, b) => SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status))[0]
  const why = worst === undefined ? reason : worst.reason
  const notes = seen.flatMap(({ part, notes: found = [] }) =>
    found.map(({ at, message }) => ({ part, where: at, message })),
  )
  return {
    id: entry.id,
    level: entry.level,
    status: worst?.status ?? 'not-applicable',
    sentence: entry.sentence,
    ...(entry.pinned && { pinned: true as const }),
    ...(why !== undefined && { reason: why }),
    findings: results.flatMap((result) => result.findings),
    ...(notes.length > 0 && { notes }),
    fix: entry.fix,
    spec: seen[0]?.spec ?? entry.file,
    durationMs: seen.reduce((sum, observation) => sum + observation.durationMs, 0),
  }
}

const SEVERITY: readonly Status[] = ['fail', 'missing', 'inconclusive', 'blocked', 'waived', 'pass', 'not-applicable']

function isRed(status: Status | undefined): boolean {
  return status === 'fail' || status === 'blocked' || status === 'missing'
}

function classify(observations: readonly Observation[]): PartResult {
  const [observation, second] = observations
  if (observation === undefined) return { status: 'missing', reason: 'no test ran for this rule', findings: [] }
  if (second !== undefined)
    return { status: 'missing', reason: `more than one test claims this id: ${second.spec}`, findings: [] }
  if (observation.state === 'passed' && observation.errors.length === 0) return { status: 'pass', findings: [] }
  if (observation.state !== 'failed')
    return { status: 'missing', reason: `the test was ${observation.state}`, findings: [] }
  const findings = observation.errors.map((error) => toFinding(observation, error))
  if (observation.errors.some(isNonconforming)) return { status: 'fail', findings }
  return { status: 'inconclusive', reason: observation.errors.map(toReason).join('; '), findings }
}

function isNonconforming(error: ObservedError): boolean {
  return error.code === undefined ? error.assertion : NONCONFORMING.has(error.code)
}

function toReason(error: ObservedError): string {
  if (error.code !== undefined && INCONCLUSIVE.has(error.code)) return error.message
  return `internal error, please report it: ${error.name}: ${error.message}`
}

function toFinding(observation: Observation, error: ObservedError): Finding {
  const where = error.at ?? observation.where
  return {
    part: observation.part,
    ...(where !== undefined && { where }),
    message: error.message,
    ...(error.entry !== undefined && { entry: error.entry }),
    ...(error.code !== undefined && { code: error.code }),
    ...(error.expected !== undefined && { expected: error.expected }),
    ...(error.got !== undefined && { got: error.got }),
  }
}

/** One sentence for each test of a rule that the rule index does not have: its result would go unseen. */
export function unknownRules(ruleIndex: RuleIndex, observations: readonly Observation[]): readonly string[] {
  const known = new Set(ruleIndex.requirements.map(({ id }) => id))
  const unknown = observations.filter(({ id }) => !known.has(id))
  return [
    ...new Set(
      unknown.map(({ id, spec }) => `${spec} states ${id}, which the rule index lacks: run npm run rule-index`),
    ),
  ]
}

/**
 * True where a run judged nothing of what was selected: with `only` no rule that it names, else no `must`. Rules that are there
 * because another needs them do not count.
 */
export function judgedNothing(rules: readonly RuleVerdict[], only: readonly string[] | undefined): boolean {
  const isAsked = ({ id, level }: RuleVerdict): boolean =>
    only === undefined ? level === 'must' : only.some((name) => id === name || id.startsWith(`${name}-`))
  return !rules.some((rule) => isAsked(rule) && rule.status !== 'not-applicable')
}

/** One sentence where nothing that was asked for was judged; `targets` are those that candidates were narrowed to. */
export function emptiness(
  rules: readonly RuleVerdict[],
  only: readonly string[] | undefined,
  targets: readonly string[],
): readonly string[] {
  if (!judgedNothing(rules, only)) return []
  const limits = [
    ...(only === undefined ? [] : [`--only ${only.join(',')}`]),
    ...(targets.length === 0 ? [] : [`--target ${[...new Set(targets)].join(',')}`]),
  ]
  const asked = limits.length === 0 ? 'no rule' : `no rule of ${limits.join(' and ')}`
  return [`nothing was judged: ${asked} applies to what was given`]
}

/** The rules that a verdict on one candidate lists, in the order of the rule index. */
export function listedRules(
  { requirements }: RuleIndex,
  candidate: CandidateTargets,
  selected: readonly string[] | undefined,
): readonly RuleIndexEntry[] {
  return requirements.filter(
    (entry) => (selected === undefined || selected.includes(entry.id)) && isAbout(entry, candidate),
  )
}

/**
 * 1 if any `must` fails, else 2 if any `must` could not be judged, any rule at all was lost or something went wrong
 * beside the rules, else 0. A run that judged nothing has a run error that says so.
 */
export function exitCodeOf(rules: readonly RuleVerdict[], runErrors: readonly string[]): 0 | 1 | 2 {
  const musts = rules.filter((rule) => rule.level === 'must').map((rule) => rule.status)
  if (musts.includes('fail')) return 1
  const unjudged: readonly Status[] = ['inconclusive', 'blocked']
  // A `should` does not gate, but one that did not run is a hole in the contract.
  const lost = rules.some((rule) => rule.status === 'missing')
  return lost || runErrors.length > 0 || musts.some((status) => unjudged.includes(status)) ? 2 : 0
}
