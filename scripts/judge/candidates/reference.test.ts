// The pinned reference against the embedded registry: fetched once, read from the cache after that, and never fetched
// for rules that do not ask for it.
import { parseReference } from '#harness/oci/image/reference.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { makeUpstream } from '#fixtures/simulator/upstream/upstream.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { readReference } from '#specs/support/pinned-reference.ts'
import type { Candidate } from './candidates.ts'
import { loadContract, loadRuleIndex } from './inputs.ts'
import { withReference, type ReferencePlace } from './reference.ts'

const TALOS = 'v1.11.5'
const ruleIndex = await loadRuleIndex()
const { value: contract } = await loadContract(undefined)
const upstream = await makeUpstream({ releases: [TALOS] })
const upstreamLock = await upstream.lock(TALOS)

let folder = ''
let registry: Registry
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conform-reference-'))
  registry = await startRegistry()
  await upstream.serve(registry)
})
afterEach(async () => {
  await registry.close()
  await rm(folder, { recursive: true })
})

const cacheFolder = (): string => join(folder, 'cache')

const lockWith = (reference: string): Lock =>
  upstreamLock.reference === undefined
    ? upstreamLock
    : { ...upstreamLock, reference: { ...upstreamLock.reference, reference } }
const served = (): Lock => lockWith(`${registry.host}/cozystack/cozystack/talos:${TALOS}`)

function candidateOf(lock: Lock, targets?: Candidate['targets']): Candidate {
  return {
    key: '0',
    reference: 'oci:candidate',
    variant: 'spin-only',
    references: { installer: { kind: 'oci', path: 'candidate' } },
    parts: { installer: { image: true } },
    ...(targets !== undefined && { targets }),
    pinned: true,
    lock,
    contract,
  }
}

function fetch(candidate: Candidate, rest: Partial<ReferencePlace> = {}) {
  const { signal } = new AbortController()
  const place: ReferencePlace = {
    ruleIndex,
    selected: undefined,
    cacheFolder: cacheFolder(),
    networkTo: () => Promise.resolve({ credentials: () => Promise.resolve(undefined) }),
    startProgress: () => ({ start: () => undefined, advance: () => undefined, stop: () => undefined }),
    signal,
  }
  return withReference(
    { candidates: [candidate], partsOf: () => [], close: () => Promise.resolve() },
    { ...place, ...rest },
  )
}

/** The part of it that a worker without network access can read. */
async function readBack({ candidates: [candidate], failures }: Awaited<ReturnType<typeof fetch>>): Promise<unknown> {
  if (candidate === undefined) throw new Error('expected the candidate')
  const run = { cacheFolder: cacheFolder(), ...(failures !== undefined && { registry: { failures } }) }
  return readReference(run, candidate, async (installer) => (await installer.uki()).profiles.map(({ id }) => id))
}

describe('withReference', () => {
  it('fetches it for the workers, and not again what is in the cache', async () => {
    expect(await readBack(await fetch(candidateOf(served())))).toEqual(['main', 'reset-maintenance'])
    const { length } = registry.requests
    expect(length).toBeGreaterThan(0)
    expect(await readBack(await fetch(candidateOf(served())))).toEqual(['main', 'reset-maintenance'])
    expect(registry.requests).toHaveLength(length)
  })

  it('says why it cannot be had without the network', async () => {
    const { candidates } = await fetch(candidateOf(served()), { networkTo: () => Promise.resolve(undefined) })
    expect(candidates[0]?.pinnedReference).toEqual({ reason: expect.stringContaining('with the network') })
    expect(registry.requests).toEqual([])
  })

  it.each([
    ['a registry that has it not', () => `${registry.host}/nobody/nothing:v1`],
    ['what is no reference', () => 'NO REFERENCE'],
  ])('says why it cannot be had from %s', async (_, text) => {
    const { candidates, failures } = await fetch(candidateOf(lockWith(text())))
    expect(candidates[0]?.pinnedReference).toEqual({ reason: expect.stringContaining('expected') })
    expect(failures).toBeUndefined()
  })

  it.each([
    ['the rule is not selected', () => fetch(candidateOf(served()), { selected: ['OCI-001'] })],
    ['its target is excluded by --target', () => fetch(candidateOf(served(), ['installer']))],
    ['the lock pins none', () => fetch(candidateOf({ schema: 2, talos: TALOS }))],
  ])('fetches nothing where %s', async (_, fetching) => {
    const { candidates } = await fetching()
    expect(candidates[0]).not.toHaveProperty('pinnedReference')
    expect(registry.requests).toEqual([])
  })

  it('takes that of the embedded upstream from where it is, for its own lock alone', async () => {
    const image = parseReference(await upstream.writeReference(TALOS, join(folder, 'reference')))
    const atHand = { image, digest: upstreamLock.reference?.digest ?? '' }
    const own = await fetch(candidateOf(upstreamLock), { atHand })
    expect(own.candidates[0]?.pinnedReference).toEqual({ image })
    expect(await readBack(own)).toEqual(['main', 'reset-maintenance'])
    const other = { ...atHand, digest: `sha256:${'0'.repeat(64)}` }
    expect(await readBack(await fetch(candidateOf(served()), { atHand: other }))).toHaveLength(2)
    expect(registry.requests).not.toEqual([])
  })

  it('takes one on disk by its digest', async () => {
    await upstream.writeReference(TALOS, join(folder, 'reference'))
    const lock = lockWith(`oci:${join(folder, 'reference')}`)
    const fetched = await fetch(candidateOf(lock))
    expect(fetched.candidates[0]?.pinnedReference).toEqual({
      image: { kind: 'oci', path: join(folder, 'reference'), digest: lock.reference?.digest },
    })
    expect(await readBack(fetched)).toHaveLength(2)
  })
})
