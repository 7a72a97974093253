// Mutation check, top to bottom: options, copy, mutants, candidates, valid run, campaign, report, exit status.
import { cp, glob, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProgressBar } from '../cli/progress-bar.ts'
import type { Observation } from '../judge/verdict/observation.ts'
import { UsageError } from '../cli/command-line.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { SPEC_GLOB } from '../judge/run/spec-run.ts'
import { ROOT } from '../root.ts'
import { AT_ONCE, runCampaign, type Campaign, type Fate } from './campaign.ts'
import { prepareCandidates, baselineOf, type Prepare } from './candidates.ts'
import { readModules, type Module } from './modules.ts'
import { describeMutation, type Mutant } from './mutant.ts'
import { parseMutationOptions, type MutationOptions } from './options.ts'
import { runJob } from './pool.ts'
import { exitCodeOfMutation, renderReport, toReport } from './report.ts'
import { needless, readSurvivors, reasonFor } from './survivors.ts'
import { runUnitTests } from './unit.ts'
import { findMutants, writeMutant } from './write.ts'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function checkMutation(args: readonly string[]): Promise<number> {
  try {
    const options = parseMutationOptions(args)
    if (options === undefined) return 0
    const folder = await mkdtemp(join(tmpdir(), 'talos-mutation-'))
    try {
      return await run(folder, options)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return 2
  }
}

async function run(folder: string, options: MutationOptions): Promise<number> {
  const started = performance.now()
  const root = join(folder, 'project')
  await copySpecs(root)
  const specs = (await Array.fromAsync(glob(SPEC_GLOB, { cwd: root }))).toSorted()
  const modules = await readModules(root, specs)
  const { only = '' } = options
  const mutants = findMutants(modules, (file) => file.startsWith(only))
  if (mutants.length === 0) throw new UsageError(`--only ${only}: no spec file with anything to mutate begins so`)
  if (options.list) {
    for (const one of mutants)
      process.stdout.write(`${one.file}:${one.line} ${one.operator}: ${describeMutation(one)}\n`)
    return 0
  }
  for (const mutant of mutants) await writeMutant(root, mutant, modules)
  const fates = await judge(mutants, { folder, root, started })
  const survivors = await readSurvivors()
  const left = fates
    .filter(({ killedBy }) => killedBy === undefined)
    .map(({ mutant }) => ({ mutant, line: lineOf(mutant, modules) }))
  const tested = await runUnitTests(
    left.map(({ mutant }) => mutant),
    { root, folder },
  )
  const reasonOf = (mutant: Mutant, line: string): string | undefined => {
    const test = tested.get(mutant.name)
    return test === undefined ? reasonFor(mutant, line, survivors) : `${test} sees it`
  }
  const untested = left.filter(({ mutant }) => !tested.has(mutant.name))
  const report = toReport(
    fates,
    left.map(({ mutant, line }) => ({ mutant, reason: reasonOf(mutant, line) })),
    only === '' ? needless(untested, survivors) : [],
  )
  process.stdout.write(renderReport(report, secondsSince(started)))
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return exitCodeOfMutation(report)
}

async function judge(
  mutants: readonly Mutant[],
  { folder, root, started }: { readonly folder: string; readonly root: string; readonly started: number },
): Promise<readonly Fate[]> {
  const ruleIndex = await loadRuleIndex()
  const prepare = await prepareCandidates(join(folder, 'candidates'))
  const baseline = baselineOf(prepare.prepared, ruleIndex, await observeBaseline(folder, root, prepare))
  for (const problem of baseline.problems) process.stderr.write(`left out, red without a mutant: ${problem}\n`)
  process.stderr.write(
    `${mutants.length} mutants, ${prepare.prepared.length} candidates (${secondsSince(started).toFixed(0)} s)\n`,
  )
  const bar = openProgressBar(process.stderr, 'mutants')
  try {
    const onProgress: Campaign['onProgress'] = ({ killed, done, total }) =>
      bar.update(done, total, `${done} of ${total}, ${killed} killed`)
    return await runCampaign(mutants, { root, folder, ruleIndex, prepare, baseline, onProgress })
  } finally {
    bar.stop()
  }
}

/** The specs as they are, on all candidates. */
async function observeBaseline(folder: string, root: string, prepare: Prepare): Promise<readonly Observation[]> {
  const all = prepare.run
  const groups = Array.from({ length: AT_ONCE }, (_, group) =>
    all.candidates.filter((_one, at) => at % AT_ONCE === group),
  )
  const results = await Promise.all(
    groups.map((candidates) =>
      runJob(folder, {
        kind: 'rules',
        root,
        include: [SPEC_GLOB],
        run: { ...all, candidates },
        plan: { choices: {}, entries: [], expected: {}, baseline: {} },
      }),
    ),
  )
  return results.flatMap(({ records }) =>
    records.flatMap((record) => (record.kind === 'observed' ? [record.observation] : [])),
  )
}

/** Copies the specs, so that edits in the project do not reach a running mutation run. */
async function copySpecs(root: string): Promise<void> {
  for (const name of ['specs', 'harness', 'package.json'])
    await cp(join(ROOT, name), join(root, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
}

function lineOf({ file, line }: Mutant, modules: ReadonlyMap<string, Module>): string {
  return modules.get(file)?.text.split('\n')[line - 1] ?? ''
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
