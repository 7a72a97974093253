// The verdict for a person at a terminal: a table, every failure with its place and its fix, one line at the end.
import { basename } from 'node:path'
import { styleText } from 'node:util'
import { formatLocation } from '#harness/errors.ts'
import { lockCommand } from '#specs/contract/lock.ts'
import {
  STATUSES,
  type CandidateVerdict,
  type Conformance,
  type Finding,
  type RuleVerdict,
  type Status,
} from '../verdict/conformance.ts'
import { CONTRACT_PATH, LOCK_PATH, WAIVERS_PATH } from '../candidates/inputs.ts'
import { OWN_CONTRACT, OWN_LOCK } from '../candidates/own-files.ts'
import { PROJECT_REFERENCE } from '../run/project.ts'
import { isRelease } from '../run/release.ts'
import { printableStrings } from '../verdict/printable.ts'
import { saysWhat } from './account.ts'
import { describeBoot } from './boots.ts'
import { causesOf, foldsOf, isOfOtherRelease } from './folds.ts'
import { renderNodeTable } from './nodes.ts'
import { areaOf } from '../verdict/areas.ts'
import { describeDifference } from '../verdict/difference.ts'
import { wrap } from './wrap.ts'

/** The message of the rule about the reference (REL-005) where the lock pins none. */
const NO_REFERENCE = 'the lock has no reference'

/** Columns before the text of a field. */
const FIELD = 12
/** The most rules that the command to explain them names. */
const MAX_EXPLAINED = 8

type Format = Parameters<typeof styleText>[0]
type Paint = (format: Format, text: string) => string

const COLOURS: Readonly<Record<Status, Format>> = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
  blocked: 'yellow',
  missing: 'red',
  waived: 'cyan',
  'not-applicable': 'dim',
}
const EXPLAINED: readonly Status[] = ['fail', 'missing', 'inconclusive', 'blocked', 'waived']

/** Colours only where `stream` is a terminal and NO_COLOR is not set. `report` is where the whole verdict is. */
export function renderTerminal(verdict: Conformance, stream: NodeJS.WritableStream, report: string): string {
  const conformance = printableStrings(verdict)
  const paint: Paint = (format, text) => styleText(format, text, { stream })
  const columns = 'isTTY' in stream && stream.isTTY === true ? (stream as NodeJS.WriteStream).columns : undefined
  const lines = [
    ...headLine(conformance),
    ...renderNodeTable(conformance),
    ...conformance.candidates.flatMap((candidate) => renderCandidate(candidate, conformance, paint)),
    ...explainLine(conformance),
    ...conformance.runErrors.map((runError) => paint('red', `run error: ${runError}`)),
    summaryLine(conformance, report, paint),
    '',
  ]
  return lines
    .flatMap((text) => text.split('\n'))
    .map((line) => wrap(line, /^ {2,}/.test(line) ? FIELD : 2, columns))
    .join('\n')
}

/** The command that says more of what failed, once for all candidates. */
function explainLine({ candidates }: Conformance): readonly string[] {
  const failed = candidates.flatMap(({ rules }) => rules.filter(({ status }) => status === 'fail').map(({ id }) => id))
  const ids = [...new Set(failed)]
  if (ids.length === 0) return []
  return [`why each matters, and what breaks it: npx talos-image explain ${ids.slice(0, MAX_EXPLAINED).join(' ')}`, '']
}

/** The user's own files, where they were found without being named. */
function headLine({ contract, lock, waivers }: Conformance): readonly string[] {
  const named = [
    ...(basename(contract.path) === OWN_CONTRACT ? [`contract ${contract.path}`] : []),
    ...(lock !== undefined && basename(lock.path) === OWN_LOCK ? [`lock ${lock.path}`] : []),
    ...(waivers === undefined || waivers.path === WAIVERS_PATH ? [] : [`waivers ${waivers.path}`]),
  ]
  return named.length === 0 ? [] : [named.join(', ')]
}

/** The rule about the releases that the contract admits. */
const ADMITTED_RULE = 'REL-006'

/** The command that fills the lock of this run, with the files of the run. */
function fillingCommand(
  { claimedTalos, rules }: CandidateVerdict,
  { contract, lock }: Conformance,
  ofImage: boolean,
): string {
  const talos = ofImage ? claimedTalos : (lock?.talos ?? claimedTalos)
  const isReferenceAbsent = rules.some(({ findings }) => findings.some(({ message }) => message === NO_REFERENCE))
  return lockCommand(talos, {
    ...(contract.path !== CONTRACT_PATH && { contract: contract.path }),
    ...(lock !== undefined && lock.path !== LOCK_PATH && { lock: lock.path }),
    ...(isReferenceAbsent && { reference: `${contract.reference ?? 'IMAGE'}:${talos ?? 'vX.Y.Z'}` }),
  })
}

function renderCandidate(candidate: CandidateVerdict, conformance: Conformance, paint: Paint): string[] {
  const { rules, identified, digest } = candidate
  const lines = [
    `${paint('bold', candidate.reference)} as ${candidate.variant}`,
    ...(identified === undefined ? [] : [identified]),
    ...(digest === undefined ? [] : [paint('dim', digest)]),
  ]
  if (candidate.boot !== undefined) lines.push(...describeBoot(candidate.boot))
  else if (!conformance.pinned)
    lines.push(paint('yellow', 'NOT PINNED: nothing was compared with an upstream release; structure only'))
  const folds = foldsOf(candidate, conformance)
  // Nodes have one table, above them all.
  lines.push('', ...(candidate.node === undefined ? [...renderTable(rules, paint), ''] : []))
  for (const { headline } of folds) lines.push(paint('yellow', headline))
  if (folds.length > 0) lines.push('')
  const isFolded = (rule: RuleVerdict): boolean => folds.some(({ holds }) => holds(rule))
  const causes = causesOf(rules)
  for (const status of EXPLAINED)
    for (const rule of rules.filter((one) => one.status === status)) {
      const fold = folds.find(({ holds }) => holds(rule))
      const cause = causes.get(rule)
      // Its cause names it.
      if (fold === undefined && cause !== undefined && !isFolded(cause)) continue
      const blocked = rules.filter((one) => causes.get(one) === rule && !isFolded(one))
      if (fold === undefined) lines.push(...renderRule(rule, blocked, paint))
      else if (fold.isListed) lines.push(ruleLine(rule, paint))
    }
  for (const rule of rules) lines.push(...renderNotes(rule, paint))
  const absent = rules.flatMap((rule) => rule.findings).some((finding) => finding.code === 'FACT_ABSENT')
  const isOther = isOfOtherRelease(candidate, conformance)
  // The command refuses a release that the contract does not admit.
  const isAdmitted = !rules.some(({ id, status }) => id === ADMITTED_RULE && status === 'fail')
  const condition = isAdmitted ? '' : `, once \`talos\` of ${conformance.contract.path} admits the image’s release`
  if (absent) lines.push(`Facts are missing from ${conformance.lock?.path ?? 'the lock'}; what fills it${condition}:`)
  if (isOther && !absent)
    lines.push('', `If the image is of the right release, the lock is not; what writes that of the image${condition}:`)
  if (absent || isOther) lines.push(`  ${fillingCommand(candidate, conformance, isOther && !absent)}`, '')
  return lines
}

function renderTable(rules: readonly RuleVerdict[], paint: Paint): string[] {
  const shown = STATUSES.filter((status) => rules.some((rule) => rule.status === status))
  const areas = [...new Set(rules.map(areaOf))]
  const row = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(5) : cell)).join('  ')
  return [
    row(['area', ...shown]),
    ...areas.map((area) =>
      row([
        area,
        ...shown.map((status) => {
          const count = rules.filter((rule) => areaOf(rule) === area && rule.status === status).length
          const cell = (count === 0 ? '·' : String(count)).padStart(status.length)
          return count === 0 ? cell : paint(COLOURS[status], cell)
        }),
      ]),
    ),
  ]
}

function ruleLine({ id, level, status, sentence }: RuleVerdict, paint: Paint): string {
  return `${paint(COLOURS[status], `${status.toUpperCase()} ${id}`)}${level === 'should' ? ' (should)' : ''} ${sentence}`
}

/** `blocked` are the rules that cannot be judged because of this one. */
function renderRule(rule: RuleVerdict, blocked: readonly RuleVerdict[], paint: Paint): string[] {
  const head = ruleLine(rule, paint)
  const names = blocked.map(({ id, level }) => (level === 'should' ? `${id} (should)` : id))
  const blocks = names.length === 0 ? [] : [field('blocks', names.join(', '))]
  if (['blocked', 'missing', 'waived'].includes(rule.status) || rule.findings.length === 0)
    return [head, field('because', rule.reason ?? 'it did not run'), ...blocks, '']
  const findings = rule.findings.flatMap((finding) => renderFinding(finding, rule.status))
  const about = (rule.about ?? []).map((text) => field('about', text))
  return [head, ...findings, ...about, ...(rule.status === 'fail' ? [field('fix', rule.fix)] : []), ...blocks, '']
}

function renderNotes({ id, sentence, notes = [] }: RuleVerdict, paint: Paint): string[] {
  if (notes.length === 0) return []
  return [`${paint('cyan', `NOTE ${id}`)} ${sentence}`, ...notes.flatMap((note) => renderFinding(note, 'pass')), '']
}

function renderFinding(finding: Finding, status: Status): string[] {
  const where = formatLocation(finding.where)
  const lines = where === '' ? [] : [field('where', where)]
  if (status === 'inconclusive') return [...lines, field('because', finding.message)]
  if (saysWhat(finding)) lines.push(field('found', finding.message))
  return [...lines, ...describeDifference(finding).map(([name, text]) => field(name, text))]
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text.split('\n').join(`\n${' '.repeat(FIELD)}`)}`
}

/** The one line that says it all. */
function summaryLine(
  { candidates, counts, exitCode, lock, rules, contract, only, pinned, shard }: Conformance,
  report: string,
  paint: Paint,
): string {
  // A shard without images judges nothing, and is none of the three.
  const isEmpty = shard !== undefined && candidates.length === 0 && exitCode === 0
  const verdict = isEmpty ? 'NOTHING TO JUDGE' : exitCode === 0 ? 'GREEN' : exitCode === 1 ? 'RED' : 'INCONCLUSIVE'
  const names = (status: Status): string => {
    const ids = [...new Set(candidates.flatMap((one) => one.rules.filter((r) => r.status === status).map((r) => r.id)))]
    return status === 'fail' && ids.length > 0 ? ` (${ids.join(', ')})` : ''
  }
  const counted = STATUSES.filter((status) => (counts[status] ?? 0) > 0).map(
    (status) => `${counts[status]} ${status}${names(status)}`,
  )
  const releases = candidates.filter(({ reference }) => isRelease(reference)).length
  const projects = candidates.filter(({ reference }) => reference === PROJECT_REFERENCE).length
  const given = candidates.length - releases - projects
  const beside =
    releases > 1
      ? ` and their ${releases} releases`
      : releases === 1
        ? ' and their release'
        : projects > 0
          ? ' and their project'
          : ''
  const images = `${given} candidate${given === 1 ? '' : 's'}${beside}`
  const against = pinned ? `lock ${lock?.talos ?? 'without a version'}` : 'not pinned'
  const targets = [...new Set(candidates.flatMap((one) => one.targets))].filter((target) => target !== 'all')
  const limits = [
    ...(shard === undefined ? [] : [shardText(shard)]),
    ...(only === undefined ? [] : [`only ${only.join(', ')}`]),
    ...(targets.length === 0 ? [] : [`target ${targets.join(', ')}`]),
  ]
  const by = [`rules ${rules}`, ...(contract.path === CONTRACT_PATH ? [] : [`contract ${contract.path}`]), against]
  const parts = [isEmpty ? images : `${images}: ${counted.join(', ')}`, ...limits, by.join(', '), report]
  const text = `${verdict}${describeWaivers(candidates)}: ${parts.join('; ')}`
  return paint(exitCode === 0 ? 'green' : exitCode === 1 ? 'red' : 'yellow', text)
}

/** `shard 2/8 of 24 images, whose verdict npm run report -- merge has` */
function shardText({ index, of, references }: NonNullable<Conformance['shard']>): string {
  return `shard ${index}/${of} of ${references} images, whose verdict npm run report -- merge has`
}

/** `, 2 waived (EXT-008 until 2027-01-31)`; '' where nothing is. */
function describeWaivers(candidates: Conformance['candidates']): string {
  const waived = candidates.flatMap(({ rules }) => rules.filter(({ waivers }) => waivers !== undefined))
  if (waived.length === 0) return ''
  const named = waived.flatMap(({ waivers = [] }) => waivers.map(({ id, expires }) => `${id} until ${expires}`))
  return `, ${waived.length} waived (${[...new Set(named)].join(', ')})`
}
