// Two publishers, and two promoters beside a publisher, at once: thirty rounds, each a little later than the one before.
import { deepEqual } from 'node:assert/strict'
import { promotersRound, publishersRound, writeReleases, type Releases } from './publish-races.ts'
import type { Check } from '../tool.ts'

const ROUNDS = 30
const STEP_MS = 4

export function raceChecks(): readonly Check[] {
  return [
    {
      name: 'two publishers at once',
      run: () => play((one, delayMs) => publishersRound(one, { conditions: true, delayMs })),
    },
    {
      name: 'two publishers at once, where the registry knows no conditions',
      run: () => play((one, delayMs) => publishersRound(one, { conditions: false, delayMs })),
    },
    {
      name: 'two promoters while another publishes',
      run: () => play((one, delayMs) => promotersRound(one, { conditions: true, delayMs })),
    },
  ]
}

async function play(round: (releases: Releases, delayMs: number) => Promise<readonly string[]>): Promise<string> {
  const releases = await writeReleases()
  try {
    for (let at = 0; at < ROUNDS; at++) deepEqual([at, ...(await round(releases, at * STEP_MS))], [at])
    return `${ROUNDS} rounds`
  } finally {
    await releases.close()
  }
}
