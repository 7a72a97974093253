// Writes all candidates, judges them in one run, and holds each verdict against what the counterexample says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_COUNTEREXAMPLES } from '#fixtures/counterexamples/config.ts'
import { COUNTEREXAMPLES } from '#fixtures/counterexamples/index.ts'
import { REGISTRY_COUNTEREXAMPLES } from '#fixtures/counterexamples/registry.ts'
import { RELEASE_COUNTEREXAMPLES } from '#fixtures/counterexamples/release.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { Ledger } from '#specs/contract/ledger.ts'
import { judge } from '../conform/gate.ts'
import { loadLedger } from '../conform/inputs.ts'
import { ROOT, runSpecs } from '../conform/run.ts'
import type { RuleVerdict } from '../conform/conformance.ts'
import { CONFIG_SOUND, prepareConfig } from './prepare-config.ts'
import { prepareRegistry, REGISTRY_CONTROLS } from './prepare-registry.ts'
import { prepareRelease, RELEASE_CONTROLS } from './prepare-release.ts'
import { CONTROLS, prepareControl, prepareCounterexample, type Prepared } from './prepare.ts'
import { compareVerdict, killMatrix } from './compare.ts'

/** Workers, each with its share of the candidates. */
const GROUPS = 2

/** `names` narrows the run to counterexamples whose name or rule contains one; the kill matrix is then left out. */
export async function selftest(names: readonly string[]): Promise<number> {
  const started = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'talos-selftest-'))
  try {
    return await run(folder, names, started)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(folder: string, names: readonly string[], started: number): Promise<number> {
  const ledger = await loadLedger()
  const isChosen = ({ name, violates }: { readonly name: string; readonly violates: readonly string[] }): boolean =>
    names.every((wanted) => name.includes(wanted) || violates.some((id) => id.includes(wanted)))
  const chosen = COUNTEREXAMPLES.filter(isChosen)
  const chosenReleases = RELEASE_COUNTEREXAMPLES.filter(isChosen)
  const chosenConfigs = CONFIG_COUNTEREXAMPLES.filter(isChosen)
  const chosenRegistry = REGISTRY_COUNTEREXAMPLES.filter(isChosen)
  const { prepared: published, ...registry } = await prepareRegistry([...REGISTRY_CONTROLS, ...chosenRegistry], folder)
  const prepared: readonly Prepared[] = [
    ...published,
    ...(await mapInParallel(CONTROLS, (control) => prepareControl(control, folder))),
    ...(await mapInParallel(chosen, (example) => prepareCounterexample(example, folder))),
    ...(await mapInParallel([...RELEASE_CONTROLS, ...chosenReleases], (example) => prepareRelease(example, folder))),
    ...(await mapInParallel([...CONFIG_SOUND, ...chosenConfigs], prepareConfig)),
  ]
  // A run for each group, not a project for each in one run: vitest would give the files of every project to all
  // workers, and each of them would open all candidates.
  const runs = await Promise.all(
    Array.from({ length: GROUPS }, (_, group) => {
      const own = prepared.filter((_one, at) => at % GROUPS === group)
      const members = own.flatMap((one) => one.members ?? [])
      const candidates = own.map(({ candidate }) => candidate)
      const { trustedRoot } = registry
      return runSpecs({ groups: [{ candidates, members, spoolFolder: folder, registry, trustedRoot }] })
    }),
  )
  const observations = runs.flatMap((one) => one.observations)
  const troubles = runs.flatMap((one) => one.troubles)
  const verdicts = prepared.map((one) => ({ ...one, rules: judge(ledger, one.candidate, observations) }))
  const problems = [
    ...troubles.map((trouble) => `trouble: ${trouble}`),
    ...namedTwice(prepared.map(({ candidate }) => candidate.key)),
    ...verdicts.flatMap(({ candidate, expected, rules }) =>
      compareVerdict(rules, expected).map((problem) => `${candidate.key}: ${problem}`),
    ),
    ...(names.length > 0 ? [] : unkilled(ledger, verdicts)),
  ]
  const failed = new Set(problems.map((problem) => problem.split(':')[0])).size
  await report({ passed: prepared.length - Math.min(prepared.length, failed), failed, skipped: 0 })
  for (const problem of problems) process.stdout.write(`RED ${problem}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const killed = killMatrix(verdicts).size
  process.stdout.write(
    `selftest: ${CONTROLS.length + RELEASE_CONTROLS.length + CONFIG_SOUND.length + REGISTRY_CONTROLS.length} controls, ` +
      `${chosen.length + chosenReleases.length + chosenConfigs.length + chosenRegistry.length} counterexamples, ` +
      `${killed} of ${ledger.requirements.length} rules killed, ${problems.length} problems (${seconds} s)\n`,
  )
  return problems.length === 0 ? 0 : 1
}

function namedTwice(keys: readonly string[]): readonly string[] {
  return keys.filter((key, at) => keys.indexOf(key) < at).map((key) => `${key}: another counterexample has this name`)
}

function unkilled(ledger: Ledger, verdicts: readonly { readonly rules: readonly RuleVerdict[] }[]): readonly string[] {
  const killed = killMatrix(verdicts)
  return ledger.requirements
    .filter(({ id }) => !killed.has(id))
    .map(({ id }) => `${id}: no counterexample makes this rule fail`)
}

async function report(counts: { passed: number; failed: number; skipped: number }): Promise<void> {
  await mkdir(join(ROOT, 'report'), { recursive: true })
  await writeFile(join(ROOT, 'report/selftest.json'), `${JSON.stringify(counts)}\n`)
}
