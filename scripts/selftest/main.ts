// Writes all candidates, judges them in one run, and holds each verdict against what the counterexample says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { judge, unknownRules } from '../judge/verdict/gate.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { runSpecs } from '../judge/run/run.ts'
import { ROOT } from '../root.ts'
import type { RuleVerdict } from '../judge/verdict/conformance.ts'
import { tryDoors } from './doors/try.ts'
import { compareVerdict, killMatrix } from './compare.ts'
import { prepareAll, type Example } from './prepare-all.ts'

/** The name that runs the doors alone. */
const DOORS = 'doors'

/** Workers, each with its share of the candidates. */
const GROUPS = 2

/** The names, or undefined after --help was printed. Throws UsageError. */
export function parseSelftestNames(args: readonly string[]): readonly string[] | undefined {
  const command = new Command('npm run selftest --')
    .description('Every counterexample fails exactly its rules, every rule is failed by one, what is right fails none.')
    .argument('[NAME...]', 'only counterexamples whose name, or a rule of which, contains each NAME')
  addExamples(command, ['npm run selftest -- EXT-015', 'npm run selftest -- KRN-001 page'])
  return parseCommand(command, args) ? command.args : undefined
}

/** `args` without node and script; names narrow the run, and the kill matrix is then left out. Gives the exit status. */
export async function selftest(args: readonly string[]): Promise<number> {
  const started = performance.now()
  try {
    const names = parseSelftestNames(args)
    if (names === undefined) return 0
    const folder = await mkdtemp(join(tmpdir(), 'talos-selftest-'))
    try {
      return names.join() === DOORS ? await runDoors(folder, started) : await run(folder, names, started)
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

async function run(folder: string, names: readonly string[], started: number): Promise<number> {
  const ruleIndex = await loadRuleIndex()
  const isChosen = ({ name, violates }: Example): boolean =>
    names.every((wanted) => name.includes(wanted) || violates.some((id) => id.includes(wanted)))
  const { prepared, common, controls, counterexamples } = await prepareAll(folder, isChosen)
  if (names.length > 0 && counterexamples === 0)
    throw new UsageError(`no counterexample has ${names.join(' and ')} in its name or in a rule that it fails`)
  // A run for each group, not a project for each in one run: vitest would give the files of every project to all
  // workers, and each of them would open all candidates.
  const runs = await Promise.all(
    Array.from({ length: GROUPS }, (_, group) => {
      const own = prepared.filter((_one, at) => at % GROUPS === group)
      const members = own.flatMap((one) => one.members ?? [])
      const candidates = own.map(({ candidate }) => candidate)
      return runSpecs({ groups: [{ candidates, members, ...common }] })
    }),
  )
  const tried = names.length > 0 ? { doors: 0, problems: [] } : await tryDoors(folder)
  const observations = runs.flatMap((one) => one.observations)
  const runErrors = [...runs.flatMap((one) => one.runErrors), ...unknownRules(ruleIndex, observations)]
  // Looking for those of each candidate among all would be a quarter of the whole run.
  const byCandidate = Map.groupBy(observations, ({ candidate }) => candidate)
  const verdicts = prepared.map((one) => ({
    ...one,
    rules: judge(ruleIndex, one.candidate, byCandidate.get(one.candidate.key) ?? []),
  }))
  const problems = [
    ...runErrors.map((runError) => `run error: ${runError}`),
    ...namedTwice(prepared.map(({ candidate }) => candidate.key)),
    ...verdicts.flatMap(({ candidate, expected, rules }) =>
      compareVerdict(rules, expected).map((problem) => `${candidate.key}: ${problem}`),
    ),
    ...(names.length > 0 ? [] : unkilled(ruleIndex, verdicts)),
    ...tried.problems,
  ]
  const failed = new Set(problems.map((problem) => problem.split(':')[0])).size
  await report({ passed: prepared.length - Math.min(prepared.length, failed), failed, skipped: 0 })
  for (const problem of problems) process.stdout.write(`RED ${problem}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const killed = killMatrix(verdicts).size
  process.stdout.write(
    `selftest: ${controls} controls, ${counterexamples} counterexamples, ` +
      `${killed} of ${ruleIndex.requirements.length} rules killed, ${tried.doors} doors, ${problems.length} problems (${seconds} s)\n`,
  )
  return problems.length === 0 ? 0 : 1
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
