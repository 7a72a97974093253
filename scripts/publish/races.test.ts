// A few rounds of what `npm run check:oracles:slow` plays thirty times: two publishers, two promoters, at once.
import { afterAll, expect, describe, it } from 'vitest'
import { promotersRound, publishersRound, writeReleases } from '../check-oracles-slow/races/publish-races.ts'

const releases = await writeReleases()
afterAll(() => releases.close())
const DELAYS = [0, 5, 20]

describe('two at once', () => {
  it.each([true, false])('publish one release, and the loser says why (conditions: %s)', async (conditions) => {
    for (const delayMs of DELAYS) expect(await publishersRound(releases, { conditions, delayMs })).toEqual([])
  })

  it('move one channel while another publishes, and the pair stays one', async () => {
    for (const delayMs of DELAYS) expect(await promotersRound(releases, { conditions: true, delayMs })).toEqual([])
  })
})
