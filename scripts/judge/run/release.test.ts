import { describe, expect, it } from 'vitest'
import { parseReference } from '#harness/oci/image/reference.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { isRelease, releaseNames, toReleases } from './release.ts'
import { shardPlace } from './shard.ts'

const CONTRACT = {
  variants: { worker: {}, router: { repositories: ['ghcr.io/them/special'] } },
} as unknown as Contract
const namesOf = (...references: readonly string[]) => releaseNames(references.map(parseReference), CONTRACT)

describe('releaseNames', () => {
  it('has one release where there are no more images than variants', () => {
    expect(namesOf('oci:a/x', 'ghcr.io/you/worker:v1')).toEqual(['', ''])
  })

  it.each([
    ['ghcr.io/you/talos-worker:v1', 'ghcr.io/you:v1'],
    ['ghcr.io/you/worker:v1', 'ghcr.io/you:v1'],
    ['ghcr.io/you/worker:v1-assets', 'ghcr.io/you:v1'],
    ['ghcr.io/them/special:v1', ':v1'],
    ['ghcr.io/you/unknown:v1', 'ghcr.io/you:v1'],
    [`ghcr.io/you/worker@sha256:${'1'.repeat(64)}`, `ghcr.io/you/worker@sha256:${'1'.repeat(64)}`],
    ['oci:out/worker', 'out'],
    ['oci:out/worker:v1', 'out:v1'],
    ['docker-archive:one.tar', '.'],
    ['dir:assets/talos/arm64', 'assets/talos'],
  ])('has %s in the release %s', (reference, name) => {
    expect(namesOf(reference, 'oci:a/b', 'oci:c/d')[0]).toBe(name)
  })
})

describe('toReleases', () => {
  const installer = (key: string, variant: string) =>
    ({ key, variant, parts: { installer: { image: true } } }) as unknown as CandidateInput
  const candidates = [
    installer('0', 'worker'),
    installer('1', 'worker'),
    installer('2', 'router'),
    installer('3', 'router'),
  ]

  it('has each name with every variant once, in the order of the first images', () => {
    const found = toReleases(candidates, CONTRACT, ['b', 'a', 'a', 'b'])
    expect(found.map(({ name, candidate }) => [name, candidate.key, candidate.members])).toEqual([
      ['b', 'release b', ['0', '3']],
      ['a', 'release a', ['1', '2']],
    ])
    expect(toReleases(candidates, CONTRACT, ['a', 'a', 'a', 'b'])).toEqual([])
    expect(toReleases(candidates, CONTRACT)).toEqual([])
  })

  it('is known by its reference', () => {
    expect(['release', 'release a', 'releases', 'oci:release'].map(isRelease)).toEqual([true, true, false, false])
  })
})

describe('shardPlace', () => {
  const references = Array.from({ length: 9 }, (_, at) => `image ${at}`)
  const names = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd', 'e']
  const shares = (of: number, order = names) =>
    Array.from({ length: of }, (_, at) => shardPlace({ index: at + 1, of }, references, order).own)

  it('shares whole releases out, the largest first', () => {
    expect(shares(3)).toEqual([
      [0, 1, 2],
      [3, 4, 7],
      [5, 6, 8],
    ])
    expect(shares(1)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8]])
    expect(shares(7).map(({ length }) => length)).toEqual([3, 2, 2, 1, 1, 0, 0])
  })

  it('knows the whole list', () => {
    const [one, other] = [
      { index: 1, of: 2 },
      { index: 2, of: 2 },
    ].map((shard) => shardPlace(shard, references, names))
    expect(one?.list).toBe(other?.list)
    expect(shardPlace({ index: 1, of: 2 }, references.toReversed(), names).list).not.toBe(one?.list)
  })
})
