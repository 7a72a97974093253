// Candidates for the selftest: goldens as they are, and mutated ones written as OCI layouts.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readGolden, writeLayout, type GoldenName } from '#fixtures/counterexamples/candidate.ts'
import { DEFAULT_GOLDEN, type Counterexample } from '#fixtures/counterexamples/counterexample.ts'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import { parseLock, type Lock } from '#specs/contract/lock.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { CONTRACT_PATH } from '../conform/inputs.ts'
import { ROOT } from '../conform/run.ts'
import type { Expected } from './compare.ts'

export type Prepared = { readonly candidate: CandidateInput; readonly expected: Expected }

export type Control = { readonly golden: GoldenName; readonly part: 'installer' | 'assets' }

/** What fails nothing: each variant, each Talos, as an installer and as an asset tree. */
export const CONTROLS: readonly Control[] = [
  { golden: 'v1.11.5-spin-only', part: 'installer' },
  { golden: 'v1.11.5-spin-tailscale', part: 'installer' },
  { golden: 'v1.13.9-spin-tailscale', part: 'installer' },
]

const GOLDEN = join(ROOT, 'fixtures/golden')

export async function prepareControl({ golden, part }: Control): Promise<Prepared> {
  return {
    candidate: await toCandidate(
      `control ${golden}`,
      golden,
      `docker-archive:${join(GOLDEN, golden, 'installer-arm64.tar')}`,
      {
        lock: await lockOf(golden),
        contract: await shippedContract(),
        part,
      },
    ),
    expected: { violates: [], inconclusive: [] },
  }
}

/** Mutates, writes below `folder`, and says what must come of it. */
export async function prepareCounterexample(example: Counterexample, folder: string): Promise<Prepared> {
  const golden = example.of ?? DEFAULT_GOLDEN
  const sound = { image: await readGolden(golden), lock: await lockOf(golden), contract: await shippedContract() }
  const { tamper, ...mutated } = await example.mutate(sound)
  const { image, lock, contract } = { ...sound, ...mutated }
  const reference = await writeLayout(image, join(folder, example.name), tamper)
  return {
    candidate: await toCandidate(example.name, golden, reference, { lock, contract, part: 'installer' }),
    expected: { violates: example.violates, inconclusive: example.inconclusive ?? [] },
  }
}

async function toCandidate(
  key: string,
  golden: GoldenName,
  reference: string,
  { lock, contract, part }: { readonly lock: Lock; readonly contract: Contract; readonly part: 'installer' | 'assets' },
): Promise<CandidateInput> {
  return {
    key,
    variant: golden.replace(/^v[\d.]+-/, ''),
    references: { [part]: reference },
    parts: { [part]: { image: part === 'installer' } },
    pinned: true,
    lock,
    contract,
  }
}

async function lockOf(golden: GoldenName): Promise<Lock> {
  const path = join(GOLDEN, `lock-${golden.slice(0, golden.indexOf('-'))}.json`)
  return parseLock(await readFile(path), path)
}

async function shippedContract(): Promise<Contract> {
  return parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH)
}
