// Candidates for the selftest in a registry: published with something wrong, and pulled as `npm test` does.
import { parseReference } from '#harness/oci/image/reference.ts'
import { join } from 'node:path'
import { openAuthority } from '#fixtures/simulator/authority/authority.ts'
import { writeLayout } from '#fixtures/counterexamples/candidate.ts'
import { readReference } from '#fixtures/counterexamples/editor/reference.ts'
import type { RegistryCounterexample } from '#fixtures/counterexamples/supply-chain/counterexample.ts'
import { publishReference } from '#fixtures/counterexamples/supply-chain/publication.ts'
import { GATEWAY } from '#fixtures/counterexamples/release/counterexample.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { LIMITS } from '#harness/oci/client/http/limits.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import type { Answers } from '#harness/oci/cache/names.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import { openCandidate, type OpenedCandidate } from '../judge/candidates/candidates.ts'
import { pullEvidence } from '../judge/candidates/evidence.ts'
import { pullParts } from '../judge/candidates/pull.ts'
import type { Prepared } from './prepare.ts'

/** Images that were published correctly, under their tags. */
export const REGISTRY_CONTROLS: readonly RegistryCounterexample[] = [
  { name: 'control-published', violates: [], because: 'what is published as it should be conforms' },
]

/** The registry is in this thread, which prepares other candidates meanwhile. */
const MINUTES = 300_000
/** A counterexample stalls for as long, and all questions beside an image have 60 s in all. */
const ASIDE_MS = 15_000
const PATIENT = {
  ...LIMITS,
  connectMs: MINUTES,
  firstByteMs: MINUTES,
  stallMs: MINUTES,
  documentMs: MINUTES,
  asideMs: ASIDE_MS,
}

const QUIET = { start: () => undefined, advance: () => undefined, stop: () => undefined }

export type PreparedRegistry = {
  readonly prepared: readonly Prepared[]
  readonly failures: BlobFailures
  readonly answers: Answers
  readonly trustedRoot: string
}

/** Publishes each to a registry on loopback and pulls it into the cache in `folder`. */
export async function prepareRegistry(
  examples: readonly RegistryCounterexample[],
  folder: string,
): Promise<PreparedRegistry> {
  const authority = await openAuthority()
  const baseline = await readReference()
  await using registry = await startRegistry()
  const access = openRegistryAccess({
    cache: await openCache(folder),
    network: { credentials: () => Promise.resolve(undefined), limits: PATIENT },
  })
  const opened: OpenedCandidate[] = []
  try {
    const pinnedReference = { image: parseReference(await writeLayout(baseline.cozystack, join(folder, 'cozystack'))) }
    const { lock, contract } = baseline
    for (const example of examples) {
      const judgedBy = withRepositories(contract, example.repositories)
      const { repository, tag } = await publishReference({ ...baseline, contract: judgedBy }, example, {
        registry,
        authority,
        folder: join(folder, 'published'),
      })
      const reference = { kind: 'registry', registry: registry.host, repository, tag } as const
      opened.push(
        await openCandidate(reference, example.name, {
          contract: judgedBy,
          lock,
          cacheFolder: folder,
          registry: access,
        }),
      )
    }
    const { signal } = new AbortController()
    const parts = opened.flatMap((one) => one.parts)
    await pullParts(access, parts, { signal, startProgress: () => QUIET })
    const candidates = opened.map(({ candidate }) => candidate)
    const { embeddedTrust } = await import('#harness/signing/trust.ts')
    await pullEvidence(access, candidates, { contract, trust: async () => embeddedTrust() })
    const prepared = examples.flatMap(({ violates, inconclusive = [] }, at) => {
      const candidate = candidates[at]
      return candidate === undefined
        ? []
        : [{ candidate: { ...candidate, pinnedReference }, expected: { violates, inconclusive } }]
    })
    return { prepared, failures: access.failures(), answers: access.answers(), trustedRoot: authority.trustedRoot }
  } finally {
    await Promise.all(opened.flatMap(({ parts }) => parts.map(({ talos }) => talos.close())))
    await access.close()
  }
}

/** The contract with other repositories of the gateway variant. */
function withRepositories(contract: Contract, repositories: readonly string[] | undefined): Contract {
  const gateway = contract.variants[GATEWAY]
  if (repositories === undefined || gateway === undefined) return contract
  return { ...contract, variants: { ...contract.variants, [GATEWAY]: { ...gateway, repositories } } }
}
