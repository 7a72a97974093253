// Damages goldens at every depth, judges each, and says which damage stayed green outside the list of free bytes.
import { parseReference } from '#harness/oci/image/reference.ts'
import { join } from 'node:path'
import { Command } from 'commander'
import { GOLDEN_NAMES, readGolden, writeLayout, type GoldenName } from '#fixtures/counterexamples/candidate.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { makeHeapRoomy } from '../check/heap.ts'
import { makeScratch } from '../check/scratch.ts'
import { addExamples, parseCommand, parseCount } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { exitCodeOf, judge } from '../judge/verdict/gate.ts'
import { loadContract, loadRuleIndex } from '../judge/candidates/inputs.ts'
import { runSpecs } from '../judge/run/run.ts'
import { toCandidate, contractOf, lockOf } from '../selftest/prepare.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { damage } from './damage.ts'
import { explain, type FreeClass } from './free.ts'
import { makeOwnImage } from './own.ts'
import type { Place } from './place.ts'
import { placesOf } from './places.ts'
import { seededRandom, type Random } from '#fixtures/random.ts'

const GOLDENS = GOLDEN_NAMES.filter((name) => name !== 'v1.11.5-plain')
const OWN_VARIANT = 'spin-tailscale'
/** Rules that hold an image against another one, which there is none of here. */
const ELSEWHERE = ['REL-005']
/** Candidates that one worker judges in one run, at most; two workers have as many each. */
const BATCH = 110
const WORKERS = 2

type Case = {
  readonly key: string
  readonly depth: string
  readonly what: string
  readonly candidate: CandidateInput
  /** Classes of free bytes; undefined where a byte that is not free was touched. */
  readonly classes: ReadonlySet<FreeClass> | undefined
}
type Outcome = Case & { readonly green: boolean; readonly why: readonly string[] }

/** Count and seed, or undefined after --help was printed. Throws UsageError. */
export function parseBytesOptions(args: readonly string[]): readonly [count: number, seed: number] | undefined {
  const command = new Command('npm run check:bytes --')
    .description('Random damages of goldens, at every depth: none outside the list of free bytes may stay green.')
    .argument('[COUNT]', 'damages', parseCount, 200)
    .argument('[SEED]', 'that repeats a run', parseCount, 1)
  addExamples(command, ['npm run check:bytes -- 1000 7'])
  return parseCommand(command, args) ? (command.processedArgs as [number, number]) : undefined
}

/** `args` without node and script. Gives the exit status: 1 where a damage stayed green outside the free bytes. */
export async function checkBytes(args: readonly string[]): Promise<number> {
  try {
    const options = parseBytesOptions(args)
    return options === undefined ? 0 : await run(...options)
  } catch (error) {
    return printFailure(error)
  }
}

async function run(count: number, seed: number): Promise<0 | 1> {
  makeHeapRoomy()
  await using scratch = await makeScratch()
  const folder = scratch.path
  const random = seededRandom(seed)
  const subjects = [...(await Promise.all(GOLDENS.map(openGolden))), await openOwn(folder)]
  const cases: Case[] = await Promise.all(subjects.map((subject) => makeControl(subject, folder)))
  for (let number = 0; number < count; number++) cases.push(await makeCase(number, subjects, random, folder))
  return report(await judgeAll(cases, folder), seed)
}

type Subject = {
  readonly name: string
  readonly places: ReadonlyMap<string, readonly Place[]>
  toCandidate(key: string, reference: string): CandidateInput
}

async function openGolden(golden: GoldenName): Promise<Subject> {
  const [lock, contract] = await Promise.all([lockOf(golden), contractOf(golden)])
  return {
    name: golden,
    places: byDepth(await placesOf(await readGolden(golden))),
    toCandidate: (key, reference) => toCandidate(key, golden, reference, { lock, contract, part: 'installer' }),
  }
}

/** An image of ours under its own lock. */
async function openOwn(folder: string): Promise<Subject> {
  const { value: shipped } = await loadContract(undefined)
  const { image, lock, contract, variant } = await makeOwnImage(folder, shipped, OWN_VARIANT)
  const common = { variant, lock, contract, pinned: true, parts: { installer: { image: true } } } as const
  return {
    name: `own ${variant}`,
    places: byDepth(await placesOf(image)),
    toCandidate: (key, reference) => ({
      ...common,
      key,
      references: { installer: parseReference(reference) },
      targets: ['image', 'installer', 'release'],
    }),
  }
}

function byDepth(places: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  return Map.groupBy(places, ({ depth }) => depth)
}

const CONTROL = 'control'

/** The subject as it is: were it red, every damage would be. */
async function makeControl(subject: Subject, folder: string): Promise<Case> {
  const [place] = [...subject.places.values()].flat()
  if (place === undefined) throw new Error(`expected a place in ${subject.name}, got none`)
  const { image, tamper } = await place.put(place.bytes)
  const key = `${CONTROL} ${subject.name}`
  const reference = await writeLayout(image, join(folder, key), tamper)
  return { key, depth: CONTROL, what: 'nothing', candidate: subject.toCandidate(key, reference), classes: new Set() }
}

async function makeCase(number: number, subjects: readonly Subject[], random: Random, folder: string): Promise<Case> {
  const subject = random.pick(subjects)
  const depth = random.pick([...subject.places.keys()])
  const place = random.pick(subject.places.get(depth) ?? [])
  const { what, bytes } = damage(place.bytes, random)
  const key = `${number} ${subject.name} ${depth} ${place.name}: ${what}`
  const { image, tamper } = await place.put(bytes)
  const reference = await writeLayout(image, join(folder, String(number)), tamper)
  return {
    key,
    depth,
    what,
    candidate: subject.toCandidate(key, reference),
    classes: explain(place.bytes, bytes, place.free),
  }
}

async function judgeAll(cases: readonly Case[], folder: string): Promise<readonly Outcome[]> {
  const ruleIndex = await loadRuleIndex()
  const rounds = Math.ceil(cases.length / (BATCH * WORKERS))
  const size = Math.ceil(cases.length / (rounds * WORKERS))
  const batches = Array.from({ length: Math.ceil(cases.length / size) }, (_, at) =>
    cases.slice(at * size, (at + 1) * size),
  )
  const judged = await mapInParallel(
    batches,
    async (batch) => {
      const candidates = batch.map(({ candidate }) => candidate)
      const { observations, runErrors } = await runSpecs({ groups: [{ candidates, cacheFolder: folder }] })
      return batch.map((one) => {
        const rules = judge(ruleIndex, one.candidate, observations).filter(({ id }) => !ELSEWHERE.includes(id))
        const why = rules
          .filter(({ level, status }) => level === 'must' && !['pass', 'not-applicable', 'waived'].includes(status))
          .map(({ id, status }) => `${id} ${status}`)
        return { ...one, green: exitCodeOf(rules, runErrors) === 0, why: [...runErrors, ...why] }
      })
    },
    WORKERS,
  )
  return judged.flat()
}

function report(outcomes: readonly Outcome[], seed: number): 0 | 1 {
  const wrong = outcomes.filter(({ green, classes }) => green && classes === undefined)
  const controls = outcomes.filter(({ depth, green }) => depth === CONTROL && !green)
  for (const { key } of wrong) process.stdout.write(`GREEN ${key}\n`)
  for (const { key, why } of controls) process.stdout.write(`RED ${key}: ${why.join(', ')}\n`)
  const groups = [...Map.groupBy(outcomes, ({ depth }) => depth)].toSorted(([a], [b]) => a.localeCompare(b))
  process.stdout.write('\n| depth | damages | red | green, free | green, not free |\n| - | - | - | - | - |\n')
  for (const [depth, group] of groups) {
    const greens = group.filter(({ green }) => green)
    const bad = greens.filter(({ classes }) => classes === undefined).length
    process.stdout.write(
      `| ${depth} | ${group.length} | ${group.length - greens.length} | ${greens.length - bad} | ${bad} |\n`,
    )
  }
  process.stdout.write(`\n${outcomes.length} damages, seed ${seed}: ${wrong.length} green outside the free bytes\n`)
  return wrong.length === 0 && controls.length === 0 ? 0 : 1
}
