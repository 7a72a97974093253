// Shards into the verdict on their whole list: all of them, each once, of one list and one set of rules, contract, lock and
// waivers; and whatever their exit codes say, the gate is recomputed from their rules.
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { isRelease, RELEASE_REFERENCE } from '../judge/run/release.ts'
import { UsageError } from '../judge/usage-error.ts'
import type { CandidateVerdict, Conformance } from '../judge/verdict/conformance.ts'
import { emptiness, exitCodeOf, listedRules } from '../judge/verdict/gate.ts'
import { countStatuses, worstExit } from '../judge/verdict/sums.ts'

export type ReportFile = { readonly path: string; readonly report: Conformance }
type Shard = ReportFile & { readonly shard: NonNullable<Conformance['shard']> }

/** Everything that shards of one verdict have in common, by the words of a message. */
const COMMON: readonly (readonly [what: string, of: (one: Shard) => unknown])[] = [
  ['number of shards', ({ shard }) => shard.of],
  ['list of images', ({ shard }) => `${shard.references} images, ${shard.list}`],
  ['contract', ({ report }) => report.contract.sha256],
  ['lock', ({ report }) => report.lock?.sha256 ?? 'none'],
  ['answer to whether a lock pins it', ({ report }) => report.pinned],
  ['waivers', ({ report }) => report.waivers?.sha256 ?? 'none'],
  ['selection (--only)', ({ report }) => [report.only ?? 'all', report.selected ?? 'all']],
]

/** The verdict on the whole list. UsageError, naming every file that does not fit, where they are not exactly its shards. */
export function mergeShards(files: readonly ReportFile[], ruleIndex: RuleIndex): Conformance {
  const shards = files.map(toShard)
  const [first] = shards
  if (first === undefined) throw new UsageError('expected the reports of all shards, got none')
  const details = [...shards.flatMap((one) => foreignness(one, ruleIndex)), ...differences(first, shards)]
  refuse(details)
  refuse([...presence(first, shards), ...shards.flatMap((one) => incompleteness(one, ruleIndex))])
  refuse(shards.flatMap(contradictions))
  refuse(coverage(first, shards))
  return compose(first.report, shards, ruleIndex)
}

function refuse(details: readonly string[]): void {
  if (details.length > 0)
    throw new UsageError('these reports are not the shards of one verdict; nothing was merged', { details })
}

function toShard({ path, report }: ReportFile): Shard {
  const { shard } = report
  if (shard === undefined)
    throw new UsageError(
      `${path} is the verdict on all that it was given, no shard of one: npm test -- … --shard I/N writes those`,
    )
  return { path, report, shard }
}

/** The rules of another version may say something else by the same name. */
function foreignness({ path, report: { tool, rules } }: Shard, { version }: RuleIndex): readonly string[] {
  const [got, own] = [
    `${tool.name} ${tool.version}, rules ${rules}`,
    `${packageJson.name} ${packageJson.version}, rules ${version}`,
  ]
  return got === own ? [] : [`${path} is by ${got}; this is ${own}`]
}

function differences(first: Shard, shards: readonly Shard[]): readonly string[] {
  return shards.flatMap((one) => [
    ...COMMON.filter(([, of]) => JSON.stringify(of(one)) !== JSON.stringify(of(first))).map(
      ([what]) => `${one.path} has another ${what} than ${first.path}`,
    ),
    ...optionsIn([one, first])
      .filter((name) => one.shard.judgedBy[name] !== first.shard.judgedBy[name])
      .map((name) => `${one.path} was judged with another ${name} than ${first.path}`),
  ])
}

function optionsIn(shards: readonly Shard[]): readonly string[] {
  return [...new Set(shards.flatMap(({ shard }) => Object.keys(shard.judgedBy)))].toSorted()
}

/** What a report says of itself follows from its own verdicts: one that was taken out, or a rule that was changed, shows. */
function contradictions({ path, report, shard }: Shard): readonly string[] {
  const { candidates, runErrors } = report
  const releases = candidates.filter(({ reference }) => isRelease(reference)).length
  const exits = candidates.map(({ rules }) => exitCodeOf(rules, runErrors))
  const pairs: readonly (readonly [what: string, said: unknown, found: unknown])[] = [
    ['verdicts on images', shard.images, candidates.length - releases],
    ['verdicts on releases', shard.releases, releases],
    ['rules by status', report.counts, countStatuses(candidates)],
    ['exit codes', candidates.map(({ exitCode }) => exitCode), exits],
    ['exit code of all', report.exitCode, worstExit(exits, runErrors.length > 0 ? 2 : 0)],
  ]
  return pairs
    .map(([what, ...both]) => [what, ...both.map((one) => JSON.stringify(one))] as const)
    .filter(([, said, found]) => said !== found)
    .map(
      ([what, said, found]) =>
        `${path} contradicts itself about its ${what}: it says ${said}, its verdicts give ${found}`,
    )
}

function presence({ shard: { of } }: Shard, shards: readonly Shard[]): readonly string[] {
  return Array.from({ length: of }, (_, at) => at + 1).flatMap((index) => {
    const found = shards.filter(({ shard }) => shard.index === index)
    if (found.length === 1) return []
    if (found.length === 0) return [`shard ${index}/${of} is missing: its run left no report, or it was not given`]
    return [`shard ${index}/${of} is there ${found.length} times: ${found.map(({ path }) => path).join(', ')}`]
  })
}

/** Every candidate has exactly the rules that it must have, each with the level that the rule index gives it. */
function incompleteness({ path, report, shard }: Shard, ruleIndex: RuleIndex): readonly string[] {
  const { candidates, selected } = report
  if (candidates.length !== shard.positions.length)
    return [`${path} has ${candidates.length} verdicts and ${shard.positions.length} positions`]
  return candidates.flatMap(({ reference, variant, rules }) => {
    const release = isRelease(reference) ? { release: true as const } : {}
    const targets = { parts: { installer: { image: true } }, pinned: report.pinned, variant, ...release }
    const expected = listedRules(ruleIndex, targets, selected).map(({ id, level }) => `${id} ${level}`)
    const got = rules.map(({ id, level }) => `${id} ${level}`)
    return JSON.stringify(got) === JSON.stringify(expected)
      ? []
      : [`${path} has ${got.length} rules of ${reference}, expected ${expected.length}, in the order of the rule index`]
  })
}

/** Every image of the list was judged, once. */
function coverage({ shard: { references } }: Shard, shards: readonly Shard[]): readonly string[] {
  const images = shards.flatMap(({ report, shard }) =>
    shard.positions.filter((_, at) => !isRelease(report.candidates[at]?.reference ?? '')),
  )
  const isWhole = images.toSorted((a, b) => a - b).every((position, at) => position === at)
  return isWhole && images.length === references
    ? []
    : [`expected a verdict on each of ${references} images, got ${images.length} on ${new Set(images).size} of them`]
}

function compose(first: Conformance, shards: readonly Shard[], ruleIndex: RuleIndex): Conformance {
  const placed = shards.flatMap(({ report, shard }) =>
    report.candidates.map((candidate, at) => ({ candidate, position: shard.positions[at] ?? 0 })),
  )
  const ordered = placed.toSorted((a, b) => a.position - b.position).map(({ candidate }) => candidate)
  const needed = new Set(shards.flatMap(({ shard }) => shard.waivers.needed))
  const unneeded = shards.flatMap(({ shard }) => shard.waivers.unneeded).filter((one) => !needed.has(one))
  const rules = ordered.flatMap((one) => one.rules)
  const targets = ordered.flatMap((one) => one.targets).filter((target) => target !== 'all')
  const runErrors = [
    ...new Set([
      ...shards.flatMap(({ report }) => report.runErrors),
      ...unneeded,
      ...emptiness(rules, first.only, targets),
    ]),
  ]
  const candidates = named(ordered).map((one) => ({ ...one, exitCode: exitCodeOf(one.rules, runErrors) }))
  const { shard: _, judgedAt: __, ...common } = first
  const times = shards.flatMap(({ report }) => report.judgedAt ?? []).toSorted()
  return {
    ...common,
    ...(times.length > 0 && { judgedAt: times.at(-1) }),
    rules: ruleIndex.version,
    candidates,
    runErrors,
    counts: countStatuses(candidates),
    exitCode: worstExit(
      candidates.map(({ exitCode }) => exitCode),
      runErrors.length > 0 ? 2 : 0,
    ),
  }
}

/** The one release of a verdict has no name behind it. */
function named(candidates: readonly CandidateVerdict[]): readonly CandidateVerdict[] {
  const releases = candidates.filter(({ reference }) => isRelease(reference))
  return releases.length === 1
    ? candidates.map((one) => (one === releases[0] ? { ...one, reference: RELEASE_REFERENCE } : one))
    : candidates
}
