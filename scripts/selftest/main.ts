// Writes all candidates, judges them in one run, and holds each verdict against what the counterexample says.
import { randomInt } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import type { CandidateInput, RunInput } from '#specs/support/run.ts'
import { makeHeapRoomy } from '../check/heap.ts'
import { addExamples, parseCommand, parseCount, UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { judge, unknownRules } from '../judge/verdict/gate.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { runSpecs } from '../judge/run/run.ts'
import { ROOT } from '../root.ts'
import type { RuleVerdict } from '../judge/verdict/conformance.ts'
import type { Observation, RunObservations } from '../judge/verdict/observation.ts'
import { tryDoors } from './doors/try.ts'
import { compareVerdict, killMatrix } from './compare.ts'
import { compareWithBytes, compareWithKept, sample } from './from-bytes.ts'
import { prepareAll, type Example } from './prepare-all.ts'
import type { Prepared } from './prepare.ts'

/** The name that runs the doors alone. */
const DOORS = 'doors'

/** Workers, each with its share of the candidates. */
const GROUPS = 2

/** Candidates of a run over all that are judged from their bytes, too, and from facts that were kept. */
const SAMPLE = 8
const KEPT_SAMPLE = 4

type SelftestOptions = {
  readonly names: readonly string[]
  /** True to judge every candidate from its bytes, too. */
  readonly fromBytes: boolean
  /** True to judge every candidate once more from the facts that the first run kept. */
  readonly kept: boolean
  /** The number that decides which candidates are judged so in a run over all. */
  readonly seed: number
}

/** The options, or undefined after --help was printed. Throws UsageError. */
export function parseSelftest(args: readonly string[]): SelftestOptions | undefined {
  const command = new Command('npm run selftest --')
    .description('Every counterexample fails exactly its rules, every rule is failed by one, what is right fails none.')
    .argument('[NAME...]', 'only counterexamples whose name, or a rule of which, contains each NAME')
    .option('--from-bytes', 'hold each verdict against that from its bytes alone; a run over all does it for a sample')
    .option(
      '--kept',
      'keep facts in the first run, and hold each verdict against that of a second run from them',
      false,
    )
    .option('--seed <number>', 'the sample, by a number that a run over all prints', parseCount)
  addExamples(command, [
    'npm run selftest -- EXT-015',
    'npm run selftest -- KRN-001 page',
    'npm run selftest -- EXT-015 --from-bytes',
    'npm run selftest -- EXT-015 --kept',
    'npm run selftest -- --seed 7',
  ])
  if (!parseCommand(command, args)) return undefined
  const { fromBytes = false, kept = false, seed = randomInt(2 ** 31) } = command.opts<Partial<SelftestOptions>>()
  return { names: command.args, fromBytes, kept, seed }
}

/** `args` without node and script; names narrow the run, and the kill matrix is then left out. Gives the exit status. */
export async function selftest(args: readonly string[]): Promise<number> {
  const started = performance.now()
  try {
    const options = parseSelftest(args)
    if (options === undefined) return 0
    const { names } = options
    const folder = await mkdtemp(join(tmpdir(), 'talos-selftest-'))
    try {
      return names.join() === DOORS ? await runDoors(folder, started) : await run(folder, options, started)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    return printFailure(error)
  }
}

async function runDoors(folder: string, started: number): Promise<number> {
  const { doors, problems } = await tryDoors(folder)
  for (const problem of problems) process.stdout.write(`RED ${problem}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`selftest: ${doors} doors, ${problems.length} problems (${seconds} s)\n`)
  return problems.length === 0 ? 0 : 1
}

async function run(
  folder: string,
  { names, fromBytes, kept, seed }: SelftestOptions,
  started: number,
): Promise<number> {
  makeHeapRoomy()
  const ruleIndex = await loadRuleIndex()
  const isWhole = names.length === 0
  // In processes of their own, while this one prepares on one core.
  const trying = isWhole ? tryDoors(folder) : Promise.resolve({ doors: 0, problems: [] })
  // Whatever else fails first is reported; without this a failure of the doors would end the process then.
  trying.catch(() => undefined)
  const isChosen = ({ name, violates }: Example): boolean =>
    names.every((wanted) => name.includes(wanted) || violates.some((id) => id.includes(wanted)))
  const { prepared, common, controls, counterexamples } = await prepareAll(
    await mkdtemp(join(folder, 'candidates-')),
    isChosen,
  )
  if (names.length > 0 && counterexamples === 0)
    throw new UsageError(`no counterexample has ${names.join(' and ')} in its name or in a rule that it fails`)
  const input = (own: readonly Prepared[]): RunInput => ({
    candidates: own.map(({ candidate }) => candidate),
    members: own.flatMap((one) => one.members ?? []),
    ...common,
  })
  // A run for each group, not a project for each in one run: vitest would give the files of every project to all
  // workers, and each of them would open all candidates.
  const runAll = (some: readonly Prepared[], more: Partial<RunInput>) =>
    runGroups((group) => ({ ...input(some.filter((_one, at) => at % GROUPS === group)), ...more }))
  const runs = await runAll(prepared, { keepFacts: kept })
  const withParts = prepared.filter(({ candidate, members }) => hasParts(candidate) || members?.some(hasParts))
  const sampled = fromBytes ? withParts : sample(withParts, seed, isWhole ? SAMPLE : 0)
  const again = await runSpecs({ groups: sampled.length === 0 ? [] : [{ ...input(sampled), fromBytes: true }] })
  // The first conforms: of it there is something to believe.
  const repeated = kept ? prepared : [...withParts.slice(0, 1), ...sampled].slice(0, isWhole ? KEPT_SAMPLE : 0)
  const believed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const first = kept ? [] : await runAll(repeated, { keepFacts: true })
  const warm = await runAll(repeated, { keepFacts: true, believed })
  const tried = await trying
  const observations = observationsOf(runs)
  const runErrors = [
    ...[...runs, ...first, ...warm, again].flatMap((one) => one.runErrors),
    ...unknownRules(ruleIndex, observations),
  ]
  const verdicts = judgeAll(ruleIndex, prepared, observations)
  const problems = [
    ...runErrors.map((runError) => `run error: ${runError}`),
    ...namedTwice(prepared.map(({ candidate }) => candidate.key)),
    ...verdicts.flatMap(({ candidate, expected, rules }) =>
      compareVerdict(rules, expected).map((problem) => `${candidate.key}: ${problem}`),
    ),
    ...compareWithBytes(verdicts, judgeAll(ruleIndex, sampled, again.observations)),
    ...compareWithKept(verdicts, judgeAll(ruleIndex, repeated, observationsOf(warm)), believed[0] ?? 0),
    ...(isWhole ? unkilled(ruleIndex, verdicts) : []),
    ...tried.problems,
  ]
  const failed = new Set(problems.map((problem) => problem.split(':')[0])).size
  await report({ passed: prepared.length - Math.min(prepared.length, failed), failed, skipped: 0 })
  for (const problem of problems) process.stdout.write(`RED ${problem}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const killed = killMatrix(verdicts).size
  process.stdout.write(
    `selftest: ${controls} controls, ${counterexamples} counterexamples, ` +
      `${killed} of ${ruleIndex.requirements.length} rules killed, ${tried.doors} doors, ${sampled.length} from bytes${isWhole ? ` (--seed ${seed})` : ''}, ${repeated.length} from ${believed[0]} kept facts, ${problems.length} problems (${seconds} s)\n`,
  )
  return problems.length === 0 ? 0 : 1
}

function runGroups(inputOf: (group: number) => RunInput): Promise<readonly RunObservations[]> {
  const inputs = Array.from({ length: GROUPS }, (_, group) => inputOf(group)).filter(
    ({ candidates }) => candidates.length > 0,
  )
  return Promise.all(inputs.map((one) => runSpecs({ groups: [one] })))
}

function observationsOf(runs: readonly RunObservations[]): readonly Observation[] {
  return runs.flatMap(({ observations }) => observations)
}

function hasParts({ references }: CandidateInput): boolean {
  return Object.keys(references).length > 0
}

/** The verdicts of candidates; looking for the observations of each among all would be a quarter of the whole run. */
function judgeAll(ruleIndex: RuleIndex, prepared: readonly Prepared[], observations: readonly Observation[]) {
  const byCandidate = Map.groupBy(observations, ({ candidate }) => candidate)
  return prepared.map((one) => ({
    ...one,
    rules: judge(ruleIndex, one.candidate, byCandidate.get(one.candidate.key) ?? []),
  }))
}

function namedTwice(keys: readonly string[]): readonly string[] {
  return keys.filter((key, at) => keys.indexOf(key) < at).map((key) => `${key}: another counterexample has this name`)
}

function unkilled(
  ruleIndex: RuleIndex,
  verdicts: readonly { readonly rules: readonly RuleVerdict[] }[],
): readonly string[] {
  const killed = killMatrix(verdicts)
  return ruleIndex.requirements
    .filter(({ id }) => !killed.has(id))
    .map(({ id }) => `${id}: no counterexample makes this rule fail`)
}

async function report(counts: { passed: number; failed: number; skipped: number }): Promise<void> {
  await mkdir(join(ROOT, 'report'), { recursive: true })
  await writeFile(join(ROOT, 'report/selftest.json'), `${JSON.stringify(counts)}\n`)
}
