// From each embedded release to each later one: what is reported is what differs, nothing missing and nothing invented.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RELEASE_NAMES } from '#fixtures/simulator/upstream/release.ts'
import { compareReleases } from './changes/compare.ts'
import { expectedChanges } from './testing/expected.ts'
import { describeEmbedded, essence, type Described } from './testing/releases.ts'

/** All releases are made first. */
const PATIENCE_MS = 240_000
const STEPS = RELEASE_NAMES.flatMap((from, at) => RELEASE_NAMES.slice(at + 1).map((to) => [from, to] as const))

describe('the changes', () => {
  let described: Described
  beforeAll(async () => {
    described = await describeEmbedded()
  }, PATIENCE_MS)
  afterAll(() => described[Symbol.asyncDispose]())

  it.each(STEPS)('from %s to %s are those of the table', { timeout: PATIENCE_MS }, async (from, to) => {
    const changes = compareReleases(await described.of(from), await described.of(to), described.contract)
    const found = changes.map(essence).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    // Names of what is unknown are the capabilities', whose number grows.
    const wanted = expectedChanges(from, to).map((one) => expect.objectContaining(essence(one)))
    expect(found).toEqual(wanted)
    expect(found.length).toBeGreaterThan(2)
  })

  it('are none between a release and itself', { timeout: PATIENCE_MS }, async () => {
    const release = await described.of('v1.13.9')
    expect(compareReleases(release, release, described.contract)).toEqual([])
  })
})
