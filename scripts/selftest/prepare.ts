// Candidates for the selftest: goldens as they are, and mutated ones written as OCI layouts.
import { lazy } from '#harness/lazy.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  readGolden,
  writeAssetFolder,
  writeLayout,
  GOLDEN_NAMES,
  SIGNED_GOLDEN,
  type GoldenName,
} from '#fixtures/counterexamples/candidate.ts'
import { DEFAULT_GOLDEN, type Counterexample } from '#fixtures/counterexamples/counterexample.ts'
import { shippedAdvisories, type Advisory } from '#specs/contract/advisories.ts'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import { parseLock, type Lock } from '#specs/contract/lock.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { CONTRACT_PATH } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import type { Expected } from './compare.ts'

export type Prepared = {
  readonly candidate: CandidateInput
  /** The variants behind a candidate that represents a release. */
  readonly members?: readonly CandidateInput[]
  readonly expected: Expected
}

export type Part = 'installer' | 'assets'
export type Control = { readonly golden: GoldenName; readonly part: Part }

/** Candidates that fail no rule: each golden, as an installer and as the asset tree that belongs to it. */
export const CONTROLS: readonly Control[] = [
  ...GOLDEN_NAMES.flatMap((golden): readonly Control[] => [
    { golden, part: 'installer' },
    { golden, part: 'assets' },
  ]),
  { golden: SIGNED_GOLDEN, part: 'installer' },
]

const GOLDEN = join(ROOT, 'fixtures/golden')

export async function prepareControl({ golden, part }: Control, folder: string): Promise<Prepared> {
  const lock = await lockOf(golden)
  const contract = await contractOf(golden)
  const key = `control ${golden} ${part}`
  const reference =
    part === 'installer'
      ? `docker-archive:${join(GOLDEN, golden, 'installer-arm64.tar')}`
      : await writeAssetFolder(await readGolden(golden), join(folder, key), { lock, variant: variantOf(golden) })
  return {
    candidate: toCandidate(key, golden, reference, { lock, contract, part }),
    expected: { violates: [], inconclusive: [] },
  }
}

/** Mutates, writes below `folder`, and says what must come of it. */
export async function prepareCounterexample(example: Counterexample, folder: string): Promise<Prepared> {
  const golden = example.of ?? DEFAULT_GOLDEN
  const part = example.part ?? 'installer'
  const baseline = { image: await readGolden(golden), lock: await lockOf(golden), contract: await contractOf(golden) }
  const {
    tamper,
    unpinned = false,
    advisories: own = [],
    advisory,
    schematic,
    ...mutated
  } = await example.mutate(baseline)
  const { image, lock, contract } = { ...baseline, ...mutated }
  const place = join(folder, example.name)
  const reference =
    part === 'installer'
      ? await writeLayout(image, place, tamper)
      : await writeAssetFolder(image, place, { lock, variant: variantOf(golden) })
  const { lock: _, ...made } = toCandidate(example.name, golden, reference, { lock, contract, part })
  const given = schematic === undefined ? {} : { schematic: { path: 'schematic.yaml', text: schematic } }
  const candidate = { ...made, ...given, advisories: [...(await shippedAs(advisory)), ...own] }
  return {
    candidate: unpinned ? { ...candidate, pinned: false } : { ...candidate, lock },
    expected: { violates: example.violates, inconclusive: example.inconclusive ?? [] },
  }
}

async function shippedAs(id: string | undefined): Promise<readonly Advisory[]> {
  const all = await shippedAdvisories()
  const found = all.filter((one) => id === undefined || one.id === id)
  if (found.length === 0) throw new Error(`expected an advisory ${id}, got none`)
  return found
}

export function toCandidate(
  key: string,
  golden: GoldenName,
  reference: string,
  { lock, contract, part }: { readonly lock: Lock; readonly contract: Contract; readonly part: Part },
): CandidateInput {
  return {
    key,
    variant: variantOf(golden),
    references: { [part]: parseReference(reference) },
    parts: { [part]: { image: part === 'installer' } },
    // imager's images have none of what only we put there.
    targets: [part],
    pinned: true,
    lock,
    contract,
  }
}

export function variantOf(golden: GoldenName): string {
  return golden === SIGNED_GOLDEN ? 'spin-tailscale' : golden.replace(/^v[\d.]+-/, '')
}

export async function lockOf(golden: GoldenName): Promise<Lock> {
  const path = join(GOLDEN, `lock-${golden.slice(0, golden.indexOf('-'))}.json`)
  return parseLock(await readFile(path), path)
}

/** The contract as it is shipped, read once for all candidates. */
export const shippedContract = lazy(async () => parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH))

/** The same, with a variant beside the others for the golden without extensions. */
export async function contractOf(golden: GoldenName): Promise<Contract> {
  const shipped = await shippedContract()
  if (golden === SIGNED_GOLDEN) return { ...shipped, secureBoot: true }
  if (golden !== 'v1.11.5-plain') return shipped
  const plain = { role: 'worker', extensions: [], forbidden: [], serviceConfigurations: [], kernelModules: [] } as const
  return { ...shipped, variants: { ...shipped.variants, [variantOf(golden)]: plain } }
}
